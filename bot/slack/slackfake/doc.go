// Package slackfake emulates a Slack workspace with one installed app, closely enough that
// slack-go, @slack/web-api, @slack/socket-mode and Bolt work against it unmodified.
//
// # Use
//
//	srv := slackfake.New(slackfake.Options{})
//	if err := srv.Start("127.0.0.1:0"); err != nil { … }
//	defer srv.Close()
//	ann := srv.Admin.AddUser(slackfake.User{Name: "ann", Email: "ann@acme.test"})
//	ch := srv.Admin.AddChannel(slackfake.Channel{Name: "support", Members: []string{ann.ID, srv.BotUserID()}})
//	api := slack.New(srv.BotToken(), slack.OptionAppLevelToken(srv.AppToken()), slack.OptionAPIURL(srv.APIURL()))
//
// People act through [Server.As]: post, edit, delete, react, click, submit, command, open the
// home tab. Tests read through [Server.Thread], [Server.Messages], [Server.Ephemerals],
// [Server.Views], [Server.Calls], [Inboxes.Notifications], [Inboxes.Badges], [Events.Lost] and
// wait with WaitFor or Subscribe. Faults go in through Inject. Administrators, and Slack itself,
// act through [Administrator].
// The same is offered as JSON under /_fake/ (see control.go) for drivers in another process.
//
// Socket Mode is the default; [Webhooks.Use] switches event delivery to signed requests.
//
// # What is modelled
//
// Published behaviour of the Web API methods that a helpdesk needs, Socket Mode, the Events
// API with its retries, interactivity, response URLs, modals, the home tab, threads with
// tombstones, file upload in three steps with sharing that comes later, rate limits, and who is
// notified of what. Scopes are enforced and recorded.
//
// What is not: Enterprise Grid, Slack Connect beyond foreign members, user tokens, unfurling and
// link parsing of bots' texts, user groups, canvases, lists, bookmarks, pins, search, messages that
// are posted later, whatever manages channels, and lists of files, reactions and emoji: all methods
// but those in methods.go answer unknown_method. Any name in Slack's form is taken as an emoji.
//
// # With the JavaScript tools
//
// Checked by hand with @slack/bolt 5.1.0, web-api 8.2.0 and socket-mode 3.1.0 on Node 20, in
// Socket Mode and over HTTP: messages, mentions, reactions, commands with respond, buttons,
// external selects, modals with errors, home tab, both kinds of shortcut, filesUploadV2,
// pagination, a 429 that web-api waits for, reconnection after refresh_requested and after a cut
// (Node waits 5 s before it dials again). To repeat it, drive /_fake from a script beside
//
//	new App({token, appToken, socketMode: true, clientOptions: {slackApiUrl: URL + "/api/"}})
//
// or, for HTTP, new App({token, signingSecret, clientOptions}) after
// POST /_fake/admin/use_http {"targets":{"events":E,"commands":E,"interactions":E}} with E as
// http://127.0.0.1:3000/slack/events.
//
// # How it is made
//
// All parts stand on package workspace: options, clock, ids, the log of changes and one lock.
// What people see is kept by directory (people), rooms (channels and their members), board
// (messages), library (files), package screens (modals and home tabs) and Inboxes (what is
// unread). webAPI takes the app's calls, which package webcall reads, checks token, scope and
// rate, and hands them to the handlers of their family (chatAPI, conversationAPI, userAPI,
// fileAPI, screens.API). Package delivery tells the app, by Socket Mode or by requests; clicks
// carries what people do in messages and views. Package kit knows which blocks Slack takes, and
// what people fill into them.
//
// # What does not belong here
//
// Anything that knows Parley: no verb, card or text of it. Nothing outside tests and the demo
// may import this package.
package slackfake
