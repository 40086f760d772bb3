package app

import (
	"hash/fnv"
	"strconv"

	"parley/store"
)

// owner returns the member to which an account belongs, by rendezvous hashing: the member for which the
// hash of member and account is highest. All processes that know the same members agree. Each member
// gets about the same number of accounts, and when one joins or leaves, only its accounts move.
func owner(account store.AccountID, members []string) (owner string) {
	var highest uint64
	for _, member := range members {
		if weight := weigh(account, member); owner == "" || weight > highest {
			owner, highest = member, weight
		}
	}
	return owner
}

func weigh(account store.AccountID, member string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(member + "/" + strconv.FormatInt(int64(account), 10))) // never fails
	// The hashes of similar texts are similar. Mixing them (as splitmix64 does) makes every bit count.
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
