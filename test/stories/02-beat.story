# Rule 2. One beat for all modules: one commit per T (less a jitter of up to T/16), however many seats.
file M1=2 M2=2 M3=2 T=80s       -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
ada sits M2                     -> seated in s2, 1 of 2
ada sits M3                     -> seated in s3, 1 of 2
revision?                       -> revision 3
wait 70s                        -> nothing yet
table?                          -> ada@pc-ada: s1 of M1, s2 of M2, s3 of M3; beat 3; T 80 s
revision?                       -> revision 3
wait 70s                        -> nothing yet
table?                          -> ada@pc-ada: s1 of M1, s2 of M2, s3 of M3; beat 4; T 80 s
wait 9m                         -> nothing yet
table?                          -> ada@pc-ada: s1 of M1, s2 of M2, s3 of M3; beat 11; T 80 s
revision?                       -> revision 11

# A beat that cannot be written is tried again every T/16, and nobody is told before it is overdue by T/8.
pc-ada cannot write
wait 65s                        -> 715 s: ada is told jeopardy in M1, 26.575 s left
                                -> 715 s: ada is told jeopardy in M2, 26.575 s left
                                -> 715 s: ada is told jeopardy in M3, 26.575 s left
                                -> 745 s: ada is told suspended in M1
                                -> 745 s: ada is told suspended in M2
                                -> 745 s: ada is told suspended in M3
pc-ada can write
wait 10s                        -> 748.004 s: ada is told safe in M1
                                -> 748.004 s: ada is told safe in M2
                                -> 748.004 s: ada is told safe in M3
ada has M1?                     -> seated, valid for 113.004 s
