/**
 * Everything that can go wrong, as a closed list: programs switch on the code, people read the message.
 * "No seat is free" is not among them: that is an answer (see {@link ClaimAnswer}), not a fault.
 */
export type FaultCode =
  | 'BAD_ARGUMENT' // the caller's own words are off; nothing was tried
  | 'UNKNOWN_MODULE' // the licence has no such module
  | 'LICENCE_EXISTS' // something is already there; nothing is ever overwritten
  | 'LICENCE_MISSING' // no licence file, and no revisions beside it
  | 'LICENCE_AMBIGUOUS' // several files have the key that was asked for
  | 'LICENCE_UNREADABLE' // it is there and cannot be read: rights, a directory in its place, a link
  | 'LICENCE_INVALID' // it was read and is no licence
  | 'LICENCE_NEWER' // it was written for a later format than this version knows
  | 'LICENCE_MOVED' // the table is elsewhere by now, and says where; nothing was written here
  | 'LICENCE_ELSEWHERE' // it is bound to another place than the one where it was opened
  | 'LICENCE_EXPIRED' // its last day has passed by the file server's clock
  | 'LICENCE_NOT_YET' // its first day has not come by the file server's clock
  | 'LICENCE_UNSIGNED' // a public key was given, and it has no signature
  | 'LICENCE_FORGED' // its signature does not fit its text
  | 'LICENCE_UNTRUSTED' // it is signed with a key that is none of those given
  | 'LICENCE_NOT_RENEWED' // it could not be renewed for longer than it allows: no new seats, held ones stay
  | 'INSTALL_REFUSED' // another licence, or an older one: nothing was installed
  | 'RENEWAL_FAILED' // the address of its renewal did not answer with a licence
  | 'TABLE_LOST' // the seat table went backwards or is gone; nothing was written
  | 'TABLE_DAMAGED' // the newest revision stays unreadable; nothing was written
  | 'SHARE_UNREACHABLE' // the share does not answer, or is not there
  | 'SHARE_REFUSED' // the share answers, and says no: rights, read-only
  | 'SHARE_FULL' // no space, or the quota is used up
  | 'SHARE_BUSY' // something keeps a file open (virus scanner, backup), or others were writing all the time
  | 'SHARE_UNFIT' // the place can not host a seat table
  | 'COMMIT_UNKNOWN' // the share did not say whether a change was made; the next look shows it
  | 'ABORTED' // the caller's own AbortSignal
  | 'CLOSED'; // the licence or the seat was already closed by the caller
