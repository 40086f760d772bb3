// Package teamsfake emulates one organisation's Microsoft Teams with one installed bot: the
// Bot Connector, Entra's token endpoint, the Bot Framework's signing keys, Graph's reads of
// channels, SharePoint's files, and the people with their clients.
//
// # Use
//
//	srv := teamsfake.New(teamsfake.Options{
//		Users:    []teamsfake.User{{ID: ann, Name: "Ann Lee"}},
//		Teams:    []teamsfake.Team{{ID: "19:team@thread.tacv2", Name: "Support"}},
//		Channels: []teamsfake.Channel{{ID: "19:tickets@thread.tacv2", Name: "tickets"}},
//	})
//	if err := srv.Start("127.0.0.1:0"); err != nil { … }
//	defer srv.Close()
//	// the bot is configured with AppID, AppPassword, TenantID, LoginURL, OpenIDURL,
//	// ServiceURL (allowed) and GraphURL, and listens; then
//	err := srv.Admin.Connect(ctx, "http://127.0.0.1:3978/teams/messages")
//
// People are named by their Entra object id everywhere, channels by 19:…@thread.tacv2,
// messages by their digits. [Server.As] acts: Post, Reply, Say, Private, Slash, Edit, Delete,
// Undelete, React, Unreact; Click (ClickOld on an old client), Submit and CloseDialog for
// dialogs, View for cards that refresh, Suggested, MessageAction, Compose, Search.
// What a client would refuse to fill in is [client.ErrInvalid]. Tests read through [Server.Thread], [Server.Messages],
// [Server.Roots], [Server.Targeted], [Server.Personal], [Server.Message], [Server.Dialog],
// [Server.Calls], [delivery.Activities.Lost], [delivery.Activities.Pending] and wait with WaitFor or Subscribe.
// Administrators act through [admin.Administrator]; permissions and tokens are [entra.Entra]'s. What the bot sent and
// clients would not show as it was meant is in [Server.Problems]: a test of a bot wants none.
//
// # Addresses
//
//	/login/{tenant}/oauth2/v2.0/token           Entra
//	/login/{tenant}/v2.0/.well-known/…          its metadata; keys at /login/{tenant}/discovery/v2.0/keys
//	/botframework/v1/.well-known/…              OpenID metadata and keys
//	/connector/{region}/{tenant}/v3/…           the Bot Connector (serviceUrl)
//	/graph/v1.0/…  /sites/…  /personal/…  /download/…   Graph, and where files lie
//	/_fake/…                                    the emulator's own; see control.go
//
// # Methods, for Calls and faults
//
//	token discovery discovery.keys openid keys connector.unknown graph.unknown
//	conversations.create activities.send activities.update activities.delete
//	reactions.add reactions.remove members.list members.page members.get team.get team.channels
//	attachments.get graph.team graph.channels graph.channel graph.messages graph.message
//	graph.replies graph.reply graph.hosted graph.file graph.folder graph.drive graph.upload download
//
// Faults of what is sent to the bot have the method event:TYPE (event:message,
// event:messageUpdate, event:invoke, event:*).
//
// # With the JavaScript tools
//
// Checked by hand with botbuilder 4.23.3 and @microsoft/teams.apps 2.1.0 on Node 20:
// messages in both reply forms, updates, deletions, cards, new threads, personal chats,
// rosters and teams, targeted messages, reactions, edits and deletions by people, buttons with
// and without Action.Execute, dialogs, message extensions, settings. botbuilder refuses each of
// [entra.BadTokens] but no_exp, and of [entra.GoodTokens] aud_array; it starts threads without a tenantId.
// teams.apps also takes other_channel_key, no_endorsements and no_scheme. A card whose
// Action.Execute has no fallback is not shown here, though only older clients refuse it.
// To repeat it, give botbuilder's ConfigurationBotFrameworkAuthentication [Server.OpenIDURL] as
// ToBotFromChannelOpenIdMetadataUrl, or teams.apps withOverrides(PUBLIC, {openIdMetadataUrl}),
// and drive /_fake (parley fakes names it FAKE_TEAMS_CONTROL).
//
// @microsoft/agents-hosting 1.8.1, where its addresses of keys and tokens are replaced by [Server.OpenIDURL]'s and [Server.LoginURL]'s,
// takes messages, mentions, reactions, edits, deletions and Action.Execute, and sends, updates and deletes texts and cards, in channels,
// in new threads and in personal chats.
//
// @azure/msal-node 3.8.10 gets a token with [Options.TLS]: its authority is [Server.LoginURL]/TENANT, knownAuthorities names the
// host, and NODE_EXTRA_CA_CERTS a file with [Server.CertPEM].
//
// @microsoft/microsoft-graph-client 3.0.7 reads teams, channels, messages and replies, page by page. It gives its token to https
// addresses alone: its fetch has to lead from https://graph.microsoft.com/v1.0 to [Server.GraphURL].
//
// # What is assumed
//
// How often Teams repeats an activity that the bot did not take is undocumented: here it
// tries [Options.RetryDelays] times, later messages overtake it. In channels, edits and deletions are told of
// for messages that the bot may receive. A bad card is accepted and not shown. A slash command
// comes as its name without mention or slash ("Expose slash commands from agents and apps").
//
// Graph lists messages newest first. It gives the attachments of the bot's messages ids of its own; cards
// are in it as they were sent.
//
// Not modelled: group chats, meetings, single sign-on, link unfurling, message previews of
// extensions, quoted replies, streaming, tabs.
//
// # How it is made
//
// Package tenant is the organisation's state: people, teams and channels with their messages, files, and what all parts
// share (options, clock, ids, the log of changes and one lock). Package people makes messages of what people type, asks
// the bot what they click, and shows what it answers; package admin does what administrators do. Package announce makes
// activities of all that, which package delivery brings to the bot. The bot's calls pass package calls, where faults
// strike them, and go to package entra, to package connector, which refuses what Teams refuses, or to package graph.
// Package client says what clients show of cards and texts, and what they take. This package puts the parts together,
// lets tests look, and serves drivers in other processes.
//
// # What does not belong here
//
// Anything that knows Parley: no verb, card or text of it. Nothing outside tests, the demo
// and the measuring commands may import this package.
package teamsfake
