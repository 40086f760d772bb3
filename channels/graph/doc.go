// Package graph is what the channels on Meta's Graph API share: a client whose requests
// end in time and whose failures are told apart, and the receiving end of webhooks,
// which verifies subscriptions and signatures.
//
// What does not belong here: anything of one product. What a message looks like, which
// facts a webhook tells and what an error code means for a message is said in the
// channel's own folder.
package graph
