package app

import (
	"hash/fnv"
	"strconv"

	"parley/store"
)

// ownerOf returns the process, out of the members that live, which should fetch for an account. It uses rendezvous hashing: the
// owner is the member for which the hash of member and account is highest. All processes that know the same members agree. Each
// member gets about the same number of accounts, and when one joins or leaves, only its accounts move.
func ownerOf(account store.AccountID, members []string) (owner string) {
	var highest uint64
	for _, member := range members {
		weight := weigh(account, member)
		if owner == "" || weight > highest {
			owner, highest = member, weight
		}
	}
	return owner
}

// weigh returns the hash of a member and an account.
func weigh(account store.AccountID, member string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(member + "/" + strconv.FormatInt(int64(account), 10))) // never fails
	// The hashes of similar texts are similar. Mixing them (as splitmix64 does) makes every bit count.
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
