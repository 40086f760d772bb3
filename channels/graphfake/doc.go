// Package graphfake emulates Meta's Graph API on a loopback socket, for tests, the demo and the torture runs. It has the
// WhatsApp numbers and Messenger Pages of one app, the phones of their customers, and the webhooks that Meta would send,
// signed and repeated until they are accepted. It refuses what Meta refuses. Tests can make it fail: see Fault.
//
// What does not belong here: anything of Parley's own. The emulator knows nothing about the program that calls it.
//
//	meta := graphfake.New(graphfake.Options{AppSecret: "s3cret"})
//	err := meta.Start("") // a free port; then meta.URL() is the base URL, without a version
//	defer meta.Close()
//	number := meta.AddNumber(graphfake.NumberConfig{ID: "1055", WABA: "2066", Display: "+15550100"})
//	meta.AllowToken("T0KEN", "1055", "2066")
//	err = meta.Subscribe(ctx, "2066", "https://…/hooks/wa", "verify-me")
//
//	ann := number.Customer(graphfake.Person{Phone: "+4917012345678", Name: "Ann"})
//	ann.Text("Hello?")
//	err = meta.Settle(ctx) // waits until every webhook was accepted or given up
//	got := ann.Inbox()
//
// Everything is kept in memory until Close. As at Meta, the arguments of a call may be JSON, a form, or in the query. URLs
// below /_fake/, by which other processes can control the emulator, are optional: see Mount and FaultRoutes.
//
// Checked by hand with whatsapp-api-js 6.3.0 on Node 20: texts, media by link and by id, locations, buttons, lists,
// templates, reactions, upload, download and deletion of media, refusals. That library sends contacts as a string with JSON
// inside, which the emulator refuses. @octokit/webhooks-methods accepts the signatures of both kinds of webhooks.
//
// Also checked with pywa 4.4.0 on Python 3.11: all of that, contacts, voice messages, templates with named variables, and
// what it reads of accounts, numbers and templates. Of webhooks it reads only those that have the customer's user id.
package graphfake
