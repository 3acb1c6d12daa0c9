# A licence ends at its last moment by the file server's clock. Holders learn it at their next beat; nobody gets a seat.
file M1=2 T=80s expires=5m      -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
wait 4m                         -> nothing yet
ada has M1?                     -> seated, valid for 112.01 s
wait 2m                         -> 308.259 s: ada released in s1 of M1
                                -> 308.26 s: ada is told lost in M1: expired
ada has M1?                     -> lost, not valid
table?
bob sits M1                     -> fault LICENCE_EXPIRED
bob sits M7                     -> fault LICENCE_EXPIRED

# Light hardly writes, and still learns it: at its first look after that moment.
file M1=2 level=light T=80s expires=5m -> T = 80 s
ada sits M1                     -> seated in s1, 1 of 2
wait 4m                         -> nothing yet
ada has M1?                     -> seated, valid for ever
wait 3m                         -> 300 s: ada released in s1 of M1
                                -> 300 s: ada is told lost in M1: expired
ada has M1?                     -> lost, not valid
