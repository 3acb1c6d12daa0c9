# Rule 7. A file for a thousand users: T is more than eight hours. Holders have promised to answer within 20 s whoever needs a seat;
# who does not is out by then, and the living keep theirs.
file M1=2 T=8h                  -> T = 28800 s
admin sets onDemand 20s         -> 0 s: settings: {"onDemand":{"answerWithinSeconds":20}}
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> seated in s2, 2 of 2
wait 1h                         -> nothing yet
ada dies
cy stands in line 1h for M1     -> 3600 s: cy denied in M1
                                -> 3600 s: cy is told: place 1
wait 5s                         -> nothing yet
called?                         -> ada at beat 1, by cy@pc-cy
wait 18s                        -> 3620 s: ada evicted in s1 of M1 by cy@pc-cy, evicted
                                -> 3620 s: cy seated in s3 of M1
                                -> 3620 s: cy is answered: seated in s3, 2 of 2
bob has M1?                     -> seated, valid for 14.143 s
called?                         -> nobody

# Two who need one share the roll call. All live: nobody is put out, and who asks again at once calls nobody.
file M1=2 T=8h                  -> T = 28800 s
admin sets onDemand 20s         -> 0 s: settings: {"onDemand":{"answerWithinSeconds":20}}
ada sits M1                     -> seated in s1, 1 of 2
bob sits M1                     -> seated in s2, 2 of 2
wait 1h                         -> nothing yet
cy stands in line 5m for M1     -> 3600 s: cy denied in M1
                                -> 3600 s: cy is told: place 1
dee stands in line 5m for M1    -> 3600 s: dee denied in M1
                                -> 3600 s: dee is told: place 2
wait 30s                        -> nothing yet
eve sits M1                     -> full: ada@pc-ada, bob@pc-bob; frees at: 3652 s
                                -> 3630 s: eve denied in M1
called?                         -> ada at beat 2, by eve@pc-eve
                                -> bob at beat 2, by eve@pc-eve
ada has M1?                     -> seated, valid for 17.143 s
bob has M1?                     -> seated, valid for 17.143 s

# A holder who is stopped for 6/7 of what he promised does not believe any more; if nobody needed a seat meanwhile he has it again.
file M1=1 T=8h                  -> T = 28800 s
admin sets onDemand 20s         -> 0 s: settings: {"onDemand":{"answerWithinSeconds":20}}
ada sits M1                     -> seated in s1, 1 of 1
wait 1h                         -> nothing yet
ada freezes
wait 17s                        -> nothing yet
ada has M1?                     -> seated, valid for 0.143 s
wait 10m                        -> nothing yet
ada thaws
wait 10s                        -> 4217 s: ada is told suspended in M1
                                -> 4217 s: ada is told safe in M1
ada has M1?                     -> seated, valid for 17.143 s

# Unset on a live file: whoever has promised keeps it until his record says otherwise.
file M1=1 T=8h                  -> T = 28800 s
admin sets onDemand 20s         -> 0 s: settings: {"onDemand":{"answerWithinSeconds":20}}
ada sits M1                     -> seated in s1, 1 of 1
wait 1h                         -> nothing yet
admin sets onDemand off         -> 3600 s: settings: {"onDemand":null}
cy stands in line 5m for M1     -> 3600 s: cy denied in M1
                                -> 3600 s: cy is told: place 1
wait 1m                         -> nothing yet
called?                         -> nobody
ada has M1?                     -> seated, valid for 43145 s
