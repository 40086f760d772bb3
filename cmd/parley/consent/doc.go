// Package consent signs Parley in to mailboxes at Google and Microsoft. It leads a person to the provider's page,
// stores the consent that the person gives there, and provides the channels with access tokens, which it refreshes
// before they expire. All replicas (processes on the same database) share one consent for each account.
//
// What does not belong here: what providers say (channels/email/oauth), and pages and commands.
package consent
