package storetest

import "fmt"

// keys is how many of each kind NewKeys returns: Statement.check also tries lists of this length with fewer.
const keys = 64

// Keys are ids and keys of rows that a crowd has, so that a statement can be tried with long lists.
type Keys struct {
	Conversations []int64  // 1, 101, 201 …: also ids of identities, messages, deliveries and lanes
	Accounts      []int64  // the account of each of the others
	Identities    []string // keys: k1, k101 …
	Channels      []string // of posts
	Posts         []string // in these channels
	Externals     []string // ids of messages
}

// NewKeys returns keys of Lanes, Queues and Nouns.
func NewKeys() Keys {
	var k Keys
	for i := range keys {
		conversation := 100*i + 1
		k.Conversations = append(k.Conversations, int64(conversation))
		k.Accounts = append(k.Accounts, 1)
		k.Identities = append(k.Identities, fmt.Sprint("k", conversation))
		k.Channels = append(k.Channels, fmt.Sprint("C", i%10))
		k.Posts = append(k.Posts, fmt.Sprint("m", 10*i+i%10))
		k.Externals = append(k.Externals, fmt.Sprint("x", 7*i))
	}
	return k
}
