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
// [Server.As] acts as a person: it posts, edits, deletes, reacts, clicks, submits forms, uses
// commands and opens the home tab. [Administrator] acts as an admin, or as Slack itself. Tests
// inspect the result with [Server.Thread], [Server.Messages], [Server.Ephemerals],
// [Server.Views], [Server.Calls], [Inboxes.Notifications], [Inboxes.Badges] and [Events.Lost],
// and wait for it with WaitFor or Subscribe. Inject injects faults. A program in another process
// can do the same with JSON under /_fake/ (see control.go).
//
// Socket Mode is the default; [Webhooks.Use] switches event delivery to signed requests.
//
// # What is modelled
//
// The documented behaviour of the Web API methods that a helpdesk needs, Socket Mode, the Events
// API with its retries, interactivity, response URLs, modals, the home tab, threads with
// tombstones, file upload in three steps with delayed sharing, rate limits, and notifications.
// Scopes are enforced and recorded.
//
// Not modelled are Enterprise Grid, Slack Connect beyond foreign members, user tokens, unfurling
// and link parsing of bots' texts, user groups, canvases, lists, bookmarks, pins, search, scheduled
// messages, the management of channels, and lists of files, reactions and emoji. Methods that are
// not in methods.go return unknown_method. Any syntactically valid name is accepted as an emoji.
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
// Also checked with slack_sdk 3.43.0 and slack_bolt 1.30.0 on Python 3.11: most methods, files_upload_v2 and,
// in Socket Mode, events, commands, respond and modals. No field of an answer has another type than in the
// samples of java-slack-sdk.
//
// # Design
//
// All parts share the files workspace_*.go, which have the options, the clock, ids, the log of changes and
// the one lock. The state is in directory (people), rooms (channels and their members), board
// (messages), library (files), screens*.go (modals and home tabs) and Inboxes (unread
// messages). webAPI receives the app's calls, decodes them with webcall*.go, checks token,
// scope and rate limit, and calls a handler (chatAPI, conversationAPI, userAPI, fileAPI,
// API of screens). The files delivery_*.go send events to the app, over Socket Mode or HTTP. clicks handles
// what people do in messages and views. The files kit_*.go validate blocks and the input in them.
//
// # What does not belong here
//
// Anything that knows Parley: no verb, card or text of it. Nothing outside tests and the demo
// may import this package.
package slackfake
