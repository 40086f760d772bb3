// Package organisation holds what Parley knows about one Microsoft 365 organisation:
//   - our app in it, with the clients for Teams and Graph;
//   - the teams and channels that Teams' events have named, and which of them may be read (Notebook). These notes are
//     stored, so they survive a restart and all replicas share them;
//   - its people (People).
//
// The package also converts a message from Graph into the activity that Teams would have sent (ActivityOf, PayloadOf),
// so that both are handled alike.
//
// What does not belong here: when something is requested, and what is done with it (bot/teams); what is stored about
// it (bot/teams/fact); the requests themselves (bot/teams/connector, bot/teams/graph).
package organisation
