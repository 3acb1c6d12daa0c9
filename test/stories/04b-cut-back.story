# Rule 4(b). Ada dies; Bob himself cannot write for a while. His first success evicts nobody and cuts her silence back to T.
file M1=4 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 4
bob sits M1                     -> seated in s2, 2 of 4
ada dies
wait 60s                        -> nothing yet
pc-bob cannot write
wait 70s                        -> 90 s: bob is told jeopardy in M1, 30 s left
                                -> 120 s: bob is told suspended in M1
pc-bob can write
wait 5s                         -> 130.084 s: bob is told safe in M1
table?                          -> ada@pc-ada: s1 of M1; beat 1; T 80 s
                                -> bob@pc-bob: s2 of M1; beat 2; T 80 s
wait 50s                        -> nothing yet
wait 30s                        -> 190.084 s: ada evicted in s1 of M1 by bob@pc-bob, evicted
