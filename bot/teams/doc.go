// Package teams connects Parley to Microsoft Teams. Each conversation with a customer is a thread in a channel, in
// which agents write and click.
//
// Surface only connects the parts:
//   - door receives Teams' requests. invocation responds to those whose response a person sees, such as clicks.
//   - intake.go turns the other requests into facts, which are stored; life.go does so for deleted and restored messages.
//   - history finds messages and changes that Teams' requests have not reported.
//   - poster makes posts. access remembers where Teams refuses them, and learns where the app is installed.
//   - files reads the files that people attach.
//
// threads.go decides which messages of people concern Parley; fact_*.go define what is stored; auth_*.go tell which requests are
// genuine; connector_*.go and graph_*.go make requests; manifest.go offers the app in menus. All share an Organisation, which knows
// teams, channels and people.
//
// What does not belong here: what verbs do and what is sent (bridge), the content of cards (bot/view) and their format
// (bot/teams/card).
package teams
