# Rule 4. Dead after 1.75 T of silence that somebody saw, and gone before 2 T: T = 80 s, so 140 s to 160 s after the last
# beat. Bob sees it first at his look at 10 s, so it is 150 s.
file M1=2 T=80s                 -> T = 80 s
bob sits M1                     -> seated in s1, 1 of 2
ada sits M1                     -> seated in s2, 2 of 2
ada dies
wait 100s                       -> nothing yet
cy sits M1                      -> full: bob@pc-bob, ada@pc-ada; frees at: 160 s
                                -> 100 s: cy denied in M1
wait 39s                        -> nothing yet
cy sits M1                      -> full: bob@pc-bob, ada@pc-ada; frees at: 160 s
wait 10s                        -> nothing yet
wait 1s                         -> 150 s: ada evicted in s2 of M1 by bob@pc-bob, evicted
cy sits M1                      -> seated in s3, 2 of 2
table?                          -> bob@pc-bob: s1 of M1; beat 3; T 80 s
                                -> cy@pc-cy: s3 of M1; beat 1; T 80 s

# Offline grace: dead after 1.75 T and 7/6 of the grace: 140 s and 70 s (and the 10 s until it was seen).
file M1=2 T=80s grace=60s       -> T = 80 s
bob sits M1                     -> seated in s1, 1 of 2
ada sits M1                     -> seated in s2, 2 of 2
ada dies
wait 219s                       -> nothing yet
wait 2s                         -> 220 s: ada evicted in s2 of M1 by bob@pc-bob, evicted

# A holder whose beats are 0.7 T late, again and again, is nobody's prey.
file M1=2 T=80s                 -> T = 80 s
bob sits M1                     -> seated in s1, 1 of 2
ada sits M1                     -> seated in s2, 2 of 2
ada freezes
wait 135s                       -> nothing yet
ada thaws
wait 1s                         -> 135 s: ada is told suspended in M1
                                -> 135 s: ada is told safe in M1
ada freezes
wait 135s                       -> nothing yet
ada thaws
wait 1s                         -> 271 s: ada is told suspended in M1
                                -> 271 s: ada is told safe in M1
ada has M1?                     -> seated, valid for 119 s
table?                          -> bob@pc-bob: s1 of M1; beat 5; T 80 s
                                -> ada@pc-ada: s2 of M1; beat 3; T 80 s
