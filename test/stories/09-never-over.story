# Rule 9. Belief ends 1.5 T after the start of the last confirmed beat, before anybody may evict (1.75 T).
file M1=2 T=80s                 -> T = 80 s
bob sits M1                     -> seated in s1, 1 of 2
ada sits M1                     -> seated in s2, 2 of 2
pc-ada loses the share
wait 89s                        -> nothing yet
ada has M1?                     -> seated, valid for 31 s
wait 10s                        -> 90 s: ada is told jeopardy in M1, 30 s left
wait 20s                        -> nothing yet
ada has M1?                     -> jeopardy, valid for 1 s
wait 2s                         -> 120 s: ada is told suspended in M1
ada has M1?                     -> suspended, not valid
wait 50s                        -> 150 s: ada evicted in s2 of M1 by bob@pc-bob, evicted
cy sits M1                      -> seated in s3, 2 of 2

# Her place is taken: with the share back she learns who put her out.
pc-ada finds the share
wait 10s                        -> 172.8 s: ada is told lost in M1: evicted, by bob@pc-bob
ada has M1?                     -> lost, not valid

# Asleep past it: not valid at the first call after waking, before any timer; then the share decides. Here the place is free.
file M1=2 T=80s                 -> T = 80 s
bob sits M1                     -> seated in s1, 1 of 2
ada sits M1                     -> seated in s2, 2 of 2
pc-ada sleeps
wait 10m                        -> 150 s: ada evicted in s2 of M1 by bob@pc-bob, evicted
ada has M1?                     -> suspended, not valid
pc-ada wakes
ada has M1?                     -> suspended, not valid
wait 6s                         -> 605 s: ada back in s2 of M1
                                -> 605 s: ada is told suspended in M1
                                -> 605 s: ada is told safe in M1
ada has M1?                     -> seated, valid for 119 s
table?                          -> bob@pc-bob: s1 of M1; beat 9; T 80 s
                                -> ada@pc-ada: s2 of M1; beat 2; T 80 s

# And here it was taken meanwhile.
pc-ada sleeps
wait 10m                        -> 748.175 s: ada evicted in s2 of M1 by bob@pc-bob, evicted
cy sits M1                      -> seated in s3, 2 of 2
pc-ada wakes
wait 6s                         -> 1210 s: ada is told suspended in M1
                                -> 1210 s: ada is told lost in M1: evicted, by bob@pc-bob
ada has M1?                     -> lost, not valid
