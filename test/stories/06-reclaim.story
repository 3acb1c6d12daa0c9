# Rule 6. Who comes back after a crash gets his own seat back at once, also in a full file.
file M1=2 T=1h                  -> T = 3600 s
bob sits M1                     -> seated in s1, 1 of 2
ada sits M1                     -> seated in s2, 2 of 2
ada dies
ada/2 sits M1                   -> seated in s2, 2 of 2
                                -> 0 s: ada evicted in s2 of M1 by ada@pc-ada, process gone
table?                          -> bob@pc-bob: s1 of M1; beat 1; T 3600 s
                                -> ada@pc-ada: s2 of M1; beat 1; T 3600 s

# The same under Light.
file M1=1 level=light           -> T = 30 s
ada sits M1                     -> seated in s1, 1 of 1
ada dies
bob sits M1                     -> full: ada@pc-ada; frees at: unknown
                                -> 0 s: bob denied in M1
ada/2 sits M1                   -> seated in s1, 1 of 1
                                -> 0 s: ada evicted in s1 of M1 by ada@pc-ada, process gone
table?                          -> ada@pc-ada: s1 of M1; beat 1; light

# While the old process lives, both share one seat. It is free when the last of them leaves.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
ada/2 sits M1                   -> seated in s1, 1 of 1
ada leaves                      -> 0 s: ada released in s1 of M1
                                -> 0 s: ada is told released in M1
bob sits M1                     -> full: ada@pc-ada; frees at: unknown
                                -> 0 s: bob denied in M1
ada/2 leaves                    -> 0 s: ada released in s1 of M1
                                -> 0 s: ada is told released in M1
bob sits M1                     -> seated in s2, 1 of 1

# After a reboot too: same user, same installation, and the last beat lies well before the boot.
file M1=1 T=1h                  -> T = 3600 s
ada sits M1                     -> seated in s1, 1 of 1
wait 2m                         -> nothing yet
pc-ada reboots
ada/2 sits M1                   -> seated in s1, 1 of 1
                                -> 120 s: ada evicted in s1 of M1 by ada@pc-ada, process gone
table?                          -> ada@pc-ada: s1 of M1; beat 1; T 3600 s

# Under countBy instance each process is a user: a place is taken by nobody but the proof of its end.
file M1=1 T=80s countBy=instance -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
ada/2 sits M1                   -> full: ada@pc-ada; frees at: unknown
                                -> 0 s: ada denied in M1
ada dies
ada/3 sits M1                   -> seated in s2, 1 of 1
                                -> 0 s: ada evicted in s1 of M1 by ada@pc-ada, process gone
