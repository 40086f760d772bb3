// Package consent signs Parley in to mailboxes at Google and Microsoft: it leads a person to the provider, stores
// what she consents to, and gives the channels access tokens, which it has refreshed early. All replicas share one
// consent for each account.
//
// What does not belong here: what providers say (channels/email/oauth), and pages and commands.
package consent
