# Rule 4(a), 4(b). The disk is full for 0.8 T, so nobody can beat. When it is free again, nobody is evicted.
file M1=4 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 4
bob sits M1                     -> seated in s2, 2 of 4
cy sits M1                      -> seated in s3, 3 of 4
wait 60s                        -> nothing yet
everybody cannot write
wait 64s                        -> 90 s: ada is told jeopardy in M1, 30 s left
                                -> 90 s: bob is told jeopardy in M1, 30 s left
                                -> 90 s: cy is told jeopardy in M1, 30 s left
                                -> 120 s: ada is told suspended in M1
                                -> 120 s: bob is told suspended in M1
                                -> 120 s: cy is told suspended in M1
everybody can write
wait 2T                         -> 126.222 s: bob is told safe in M1
                                -> 126.604 s: ada is told safe in M1
                                -> 127.653 s: cy is told safe in M1
table?                          -> ada@pc-ada: s1 of M1; beat 4; T 80 s
                                -> bob@pc-bob: s2 of M1; beat 4; T 80 s
                                -> cy@pc-cy: s3 of M1; beat 4; T 80 s

# Full for 2 T: all are suspended, none is lost.
everybody cannot write
wait 2T                         -> 375 s: ada is told jeopardy in M1, 28.676 s left
                                -> 375 s: bob is told jeopardy in M1, 26.781 s left
                                -> 375 s: cy is told jeopardy in M1, 25.257 s left
                                -> 405 s: ada is told suspended in M1
                                -> 405 s: bob is told suspended in M1
                                -> 405 s: cy is told suspended in M1
everybody can write
wait 10s                        -> 446.078 s: cy is told safe in M1
                                -> 446.232 s: bob is told safe in M1
                                -> 447.889 s: ada is told safe in M1
table?                          -> ada@pc-ada: s1 of M1; beat 5; T 80 s
                                -> bob@pc-bob: s2 of M1; beat 5; T 80 s
                                -> cy@pc-cy: s3 of M1; beat 5; T 80 s
