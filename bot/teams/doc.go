// Package teams connects Parley to Microsoft Teams. Each conversation with a customer is a thread in a channel, in
// which agents write and click.
//
// Surface only connects the parts:
//   - door receives Teams' requests. invocation responds to those whose response a person sees, such as clicks.
//   - intake turns the other requests into facts, which are stored. deletions does so for deleted and restored messages.
//   - installation learns where the app is installed.
//   - history finds messages and changes that Teams' requests have not reported.
//   - poster makes posts. access remembers where Teams refuses them.
//   - files reads the files that people attach.
//
// Package ownthread decides which messages of people concern Parley. Package fact defines what is stored. All these parts
// share an organisation.Organisation, which knows teams, channels and people.
//
// What does not belong here: what verbs do and what is sent (bridge), the content of cards (bot/view) and their format
// (bot/teams/card), what the app offers in menus (bot/teams/manifest), which requests are genuine (bot/teams/auth), and
// how requests are made (bot/teams/connector, bot/teams/graph).
package teams
