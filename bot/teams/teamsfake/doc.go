// Package teamsfake emulates Microsoft Teams for tests of a bot: one organisation in which the bot is
// installed, with its people and their clients. It has the APIs that a bot uses: the Bot Connector,
// Entra's tokens, the Bot Framework's signing keys, Graph for channels, and SharePoint for files.
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
// People have Entra object ids, channels ids such as 19:…@thread.tacv2, and messages ids of digits.
//
// [Server.As] returns a person for a test to act as. A person can Post, Reply, Say (in the chat with the bot),
// write a Private message or a Slash command, Edit, Delete, Undelete, React and Unreact. On cards a person can
// Click. Submit and CloseDialog handle dialogs; MessageAction, Compose and Search use message extensions. If the client would refuse
// the inputs, the error is [client.ErrInvalid].
//
// Tests read the results with [Server.Thread], [Server.Messages], [Server.Roots], [Server.Targeted],
// [Server.Personal], [Server.Message], [Server.Dialog], [Server.Calls], [delivery.Activities.Lost] and
// [delivery.Activities.Pending], and wait with WaitFor or Subscribe. [admin.Administrator] acts as an administrator;
// [entra.Entra] grants permissions and issues tokens. [Server.Problems] lists what the bot sent that clients don't
// show as intended; a test should expect none.
//
// # URLs
//
//	/login/{tenant}/oauth2/v2.0/token           Entra
//	/login/{tenant}/v2.0/.well-known/…          its metadata; keys at /login/{tenant}/discovery/v2.0/keys
//	/botframework/v1/.well-known/…              OpenID metadata and keys
//	/connector/{region}/{tenant}/v3/…           the Bot Connector (serviceUrl)
//	/graph/v1.0/…                               Graph
//	/sites/…  /personal/…  /download/…          files
//	/_fake/…                                    the emulator's own API; see control.go
//
// # Names of calls, for Calls and faults
//
//	token discovery discovery.keys openid keys connector.unknown graph.unknown
//	conversations.create activities.send activities.update activities.delete
//	reactions.add reactions.remove members.list members.page members.get team.get team.channels
//	attachments.get graph.team graph.channels graph.channel graph.messages graph.message
//	graph.replies graph.reply graph.hosted graph.file graph.folder graph.drive graph.upload download
//
// Faults can also affect the requests to the bot. Their names are event:TYPE: event:message,
// event:messageUpdate, event:invoke, or event:* for all.
//
// # Checked against Microsoft's libraries
//
// The emulator was checked by hand with these libraries, those in JavaScript on Node 20.
//
// botbuilder 4.23.3 and @microsoft/teams.apps 2.1.0 work for messages in both reply forms, updates,
// deletions, cards, new threads, personal chats, members and teams, targeted messages, reactions, edits and
// deletions by people, buttons with and without Action.Execute, dialogs, message extensions and settings.
// botbuilder refuses all [entra.BadTokens] except no_exp, and also aud_array of [entra.GoodTokens]; it starts
// threads without a tenantId. teams.apps also accepts other_channel_key, no_endorsements and no_scheme. To
// repeat this, pass [Server.OpenIDURL] to botbuilder's ConfigurationBotFrameworkAuthentication as
// ToBotFromChannelOpenIdMetadataUrl, or to teams.apps with withOverrides(PUBLIC, {openIdMetadataUrl}), and
// act through /_fake ("parley fakes" prints its URL as FAKE_TEAMS_CONTROL).
//
// @microsoft/agents-hosting 1.8.1 receives messages, mentions, reactions, edits, deletions and
// Action.Execute, and sends, updates and deletes texts and cards in channels, new threads and personal chats.
// Its URLs of keys and tokens have to be replaced by those of [Server.OpenIDURL] and [Server.LoginURL].
//
// botframework-connector 4.17.0 on Python 3.11 starts threads, sends, updates and deletes texts and cards, reads
// members, teams and channels, and accepts the tokens of activities.
//
// @azure/msal-node 3.8.10 gets a token with [Options.TLS]. Set authority to [Server.LoginURL]/TENANT, list the
// host in knownAuthorities, and set NODE_EXTRA_CA_CERTS to a file with [Server.CertPEM].
//
// @microsoft/microsoft-graph-client 3.0.7 reads teams, channels, messages and replies, page by page. It sends its
// token only to https URLs, so its fetch has to redirect https://graph.microsoft.com/v1.0 to [Server.GraphURL].
//
// # Assumptions
//
// How often Teams retries an activity is undocumented. The emulator makes a further attempt after each of
// [Options.RetryDelays], and later messages overtake the activity. In channels, the bot is sent edits and
// deletions of those messages that it may receive. A faulty card is accepted but not shown; that includes a card
// whose Action.Execute has no fallback, which only older clients refuse. A slash command arrives as its name
// without mention or slash ("Expose slash commands from agents and apps"). Graph lists messages newest first,
// and gives attachments of the bot's messages ids of its own.
//
// Not modelled: group chats, meetings, single sign-on, link unfurling, message previews of
// extensions, quoted replies, streaming, tabs.
//
// # Structure
//
//	tenant     the organisation's state: people, teams, channels, messages, files; clock, ids and the lock
//	people     acts as people: writes messages, clicks, fills in dialogs, and shows the bot's answers
//	admin      acts as administrators
//	announce   makes activities about what happens, for the bot
//	delivery   sends activities to the bot, with retries
//	calls      records the bot's calls and injects planned faults
//	entra      issues tokens and signs activities
//	connector  the Bot Connector, which refuses what Teams refuses
//	graph      Graph and SharePoint
//	client     checks what clients show of cards and texts, and which inputs they accept
//
// This package connects the parts, lets tests read the state, and serves /_fake.
//
// # What does not belong here
//
// Anything that knows Parley: its verbs, cards or texts. Only tests, the demo and the measuring commands may
// import this package.
package teamsfake
