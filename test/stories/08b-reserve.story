# A kept seat is for nobody else: it is refused as reserved, and no waiter gets it. Its user gets it although others wait.
file M1=2 T=80s                 -> T = 80 s
admin keeps a seat of M1 for eve -> 0 s: reserved in M1: eve
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> refused: reserved
                                -> 0 s: bob denied in M1: reserved
bob stands in line 1h for M1    -> 0 s: bob is told: place 1
wait 30s                        -> nothing yet
line?                           -> bob for M1
eve sits M1                     -> seated in s2, 2 of 2
eve releases M1                 -> 30 s: eve released in s2 of M1
                                -> 30 s: eve is told released in M1
wait 10s                        -> nothing yet
ada releases M1                 -> 40 s: ada released in s1 of M1
                                -> 40 s: bob given in s3 of M1
                                -> 40 s: ada is told released in M1
wait 5s                         -> 45 s: bob seated in s3 of M1
                                -> 45 s: bob is answered: seated in s3, 1 of 2

# Where all are taken, the next that falls free is kept. Its user stands in line as everybody, and is served first.
file M1=2 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
cy sits M1                      -> seated in s2, 2 of 2
bob stands in line 1h for M1    -> 0 s: bob denied in M1
                                -> 0 s: bob is told: place 1
admin keeps a seat of M1 for eve -> 0 s: reserved in M1: eve
eve sits M1                     -> full: ada@pc-ada, cy@pc-cy; frees at: unknown
                                -> 0 s: eve denied in M1
eve stands in line 1h for M1    -> 0 s: eve is told: place 2
line?                           -> bob for M1, eve for M1
ada releases M1                 -> 0 s: ada released in s1 of M1
                                -> 0 s: eve given in s3 of M1
                                -> 0 s: ada is told released in M1
wait 5s                         -> 5 s: eve seated in s3 of M1
                                -> 5 s: eve is answered: seated in s3, 2 of 2
line?                           -> bob for M1
admin frees a seat of M1 for eve -> 5 s: reservation lifted in M1: eve
cy releases M1                  -> 5 s: cy released in s2 of M1
                                -> 5 s: bob given in s4 of M1
                                -> 5 s: cy is told released in M1
wait 5s                         -> 10 s: bob seated in s4 of M1
                                -> 10 s: bob is answered: seated in s4, 2 of 2

# For a PC, whoever sits there. When it is kept no longer, the first in line has it.
file M1=1 T=80s                 -> T = 80 s
admin keeps a seat of M1 for pc-lab -> 0 s: reserved in M1: pc-lab
ada sits M1                     -> refused: reserved
                                -> 0 s: ada denied in M1: reserved
ada stands in line 1h for M1    -> 0 s: ada is told: place 1
bob sits M1 on pc-lab           -> seated in s1, 1 of 1
bob releases M1                 -> 0 s: bob released in s1 of M1
                                -> 0 s: bob is told released in M1
wait 5s                         -> nothing yet
admin frees a seat of M1 for pc-lab -> 5 s: reservation lifted in M1: pc-lab
                                -> 5 s: ada given in s2 of M1
wait 5s                         -> 10 s: ada seated in s2 of M1
                                -> 10 s: ada is answered: seated in s2, 1 of 1

# Fewer seats than are in use: nobody loses one, and nobody new is seated before it fits.
file M1=3 T=80s                 -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 3
bob sits M1                     -> seated in s2, 2 of 3
admin grants M1=1               -> 0 s: settings: {"modules":{"M1":1}}
cy sits M1                      -> full: ada@pc-ada, bob@pc-bob; frees at: unknown
                                -> 0 s: cy denied in M1
ada releases M1                 -> 0 s: ada released in s1 of M1
                                -> 0 s: ada is told released in M1
cy sits M1                      -> full: bob@pc-bob; frees at: unknown
bob releases M1                 -> 0 s: bob released in s2 of M1
                                -> 0 s: bob is told released in M1
cy sits M1                      -> seated in s3, 1 of 3
admin grants M1=2               -> 0 s: settings: {"modules":{"M1":2}}
