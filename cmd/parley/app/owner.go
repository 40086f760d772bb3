package app

import (
	"hash/fnv"
	"strconv"
)

// owner gives the member of a group to which an account belongs: the one with the highest
// hash of both (rendezvous hashing). All that know the same members agree on it, each member
// gets about as many accounts, and when one joins or leaves, only its own accounts move.
func owner(account int64, members []string) (owner string) {
	var highest uint64
	for _, member := range members {
		if weight := weigh(account, member); owner == "" || weight > highest {
			owner, highest = member, weight
		}
	}
	return owner
}

func weigh(account int64, member string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(member + "/" + strconv.FormatInt(account, 10))) // never fails
	// The sum of similar texts is similar; mixing (that of splitmix64) makes every bit count.
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
