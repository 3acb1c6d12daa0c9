# Rule 5(b). On Friday everybody dies, each on a PC of his own. On Monday nobody is left to have seen it: who comes asks,
# waits T/4 on his own clock, and has a seat.
file M1=2 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> seated in s2, 2 of 2
ada dies
bob dies
wait 60h                        -> nothing yet
cy waits 5m for M1              -> seated in s3, 1 of 2
                                -> 216000 s: cy denied in M1
                                -> 216020 s: ada evicted in s1 of M1 by cy@pc-cy, evicted
                                -> 216020 s: bob evicted in s2 of M1 by cy@pc-cy, evicted
                                -> 216020 s: cy seated in s3 of M1
wait 0s                         -> nothing yet
table?                          -> cy@pc-cy: s3 of M1; beat 2; T 80 s
called?                         -> nobody
dee sits M1                     -> seated in s4, 2 of 2

# The same without waiting: refused at once, with the time by which it is free. The process asks on behind the answer, for
# whoever comes next.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
ada dies
wait 60h                        -> nothing yet
cy sits M1                      -> full: ada@pc-ada; frees at: 216025 s
                                -> 216000 s: cy denied in M1
called?                         -> ada at beat 1, by cy@pc-cy
wait 19s                        -> nothing yet
wait 6s                         -> 216020 s: ada evicted in s1 of M1 by cy@pc-cy, evicted
dee sits M1                     -> seated in s2, 1 of 1

# Not yet 1.75 T old: asked then, and out at 2 T.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
ada dies
wait 100s                       -> nothing yet
cy waits 5m for M1              -> seated in s2, 1 of 1
                                -> 100 s: cy denied in M1
                                -> 160 s: ada evicted in s1 of M1 by cy@pc-cy, evicted
                                -> 160 s: cy seated in s2 of M1

# Share time alone evicts nobody. The server's clock is set ahead while everybody lives: they are asked, and answer.
file M1=2 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> seated in s2, 2 of 2
wait 85s                        -> nothing yet
the server's clock goes ahead 5h
cy sits M1                      -> full: ada@pc-ada, bob@pc-bob; frees at: 18110 s
                                -> 18085 s: cy denied in M1
called?                         -> ada at beat 2, by cy@pc-cy
                                -> bob at beat 2, by cy@pc-cy
wait 3T                         -> nothing yet
called?                         -> nobody
table?                          -> ada@pc-ada: s1 of M1; beat 6; T 80 s
                                -> bob@pc-bob: s2 of M1; beat 6; T 80 s

# Set back: the beats lie in the server's future. The dead are out all the same, 2 T after who waits has seen them first.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
ada dies
wait 10s                        -> nothing yet
the server's clock goes back 5h
cy sits M1                      -> full: ada@pc-ada; frees at: unknown
                                -> -17990 s: cy denied in M1
wait 139s                       -> nothing yet
called?                         -> nobody
wait 6s                         -> nothing yet
called?                         -> ada at beat 1, by cy@pc-cy
wait 25s                        -> -17825 s: ada evicted in s1 of M1 by cy@pc-cy, evicted
dee sits M1                     -> seated in s2, 1 of 1

# Set back while everybody lives: nothing.
file M1=2 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> seated in s2, 2 of 2
wait 10s                        -> nothing yet
the server's clock goes back 5h
cy waits 3T for M1              -> full: ada@pc-ada, bob@pc-bob; frees at: unknown
                                -> -17990 s: cy denied in M1
                                -> -17750 s: cy denied in M1
table?                          -> ada@pc-ada: s1 of M1; beat 4; T 80 s
                                -> bob@pc-bob: s2 of M1; beat 4; T 80 s

# A server away for 2.2 T. Who comes right after finds everybody silent; all of them answer.
file M1=2 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> seated in s2, 2 of 2
wait 85s                        -> nothing yet
everybody loses the share
wait 2.2T                       -> 170 s: ada is told jeopardy in M1, 26.66 s left
                                -> 170 s: bob is told jeopardy in M1, 29.471 s left
                                -> 200 s: ada is told suspended in M1
                                -> 200 s: bob is told suspended in M1
everybody finds the share
cy waits 3T for M1              -> full: ada@pc-ada, bob@pc-bob; frees at: unknown
                                -> 261 s: cy denied in M1
                                -> 262.01 s: ada is told safe in M1
                                -> 262.821 s: bob is told safe in M1
                                -> 501 s: cy denied in M1
table?                          -> ada@pc-ada: s1 of M1; beat 6; T 80 s
                                -> bob@pc-bob: s2 of M1; beat 6; T 80 s

# Light is never asked.
file M1=1 T=80s level=light     -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
ada dies
wait 60h                        -> nothing yet
cy waits 10m for M1             -> full: ada@pc-ada; frees at: unknown
                                -> 216000 s: cy denied in M1
                                -> 216600 s: cy denied in M1
called?                         -> nobody

# Stopped for longer than T/4 after he was asked, and silent for 2 T: out, like any dead one.
file M1=1 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 1
ada freezes
wait 3T                         -> nothing yet
cy waits 5m for M1              -> seated in s2, 1 of 1
                                -> 240 s: cy denied in M1
                                -> 260 s: ada evicted in s1 of M1 by cy@pc-cy, evicted
                                -> 260 s: cy seated in s2 of M1
ada thaws
wait 1s                         -> 260 s: ada is told suspended in M1
                                -> 260 s: ada is told lost in M1: evicted, by cy@pc-cy, did not answer the roll call
ada has M1?                     -> lost, not valid
