# Rule 5(a). A process that is provably gone, on the same machine: its place is free at once for whoever asks there.
file M1=1 T=1h                  -> T = 3600 s
ada sits M1 on pc-hall          -> seated in s1, 1 of 1
ada dies
bob sits M1                     -> full: ada@pc-hall; frees at: unknown
                                -> 0 s: bob denied in M1
bob/2 sits M1 on pc-hall        -> seated in s2, 1 of 1
                                -> 0 s: ada evicted in s1 of M1 by bob@pc-hall, process gone

# For peers on that machine at their next look, T/8: here 10 s.
file M1=3 T=80s                 -> T = 80 s
ada sits M1 on pc-hall          -> seated in s1, 1 of 3
bob sits M1 on pc-hall          -> seated in s2, 2 of 3
cy sits M1                      -> seated in s3, 3 of 3
wait 2s                         -> nothing yet
ada dies
wait 8s                         -> 10 s: ada evicted in s1 of M1 by bob@pc-hall, process gone
table?                          -> bob@pc-hall: s2 of M1; beat 1; T 80 s
                                -> cy@pc-cy: s3 of M1; beat 1; T 80 s

# A process that lives is never gone, however silent.
file M1=1 T=1h                  -> T = 3600 s
ada sits M1 on pc-hall          -> seated in s1, 1 of 1
ada freezes
bob sits M1 on pc-hall          -> full: ada@pc-hall; frees at: unknown
                                -> 0 s: bob denied in M1
