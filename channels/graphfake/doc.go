// Package graphfake is Meta's Graph API on a loopback socket, for tests, the demo and oracles: WhatsApp numbers and
// Messenger pages of one app, the phones of their customers, and the webhooks that Meta would send, signed and repeated
// until they are taken. It refuses what Meta refuses and breaks on request: see Fault.
//
// Nothing here knows Parley, and nothing of Parley belongs here.
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
//	err = meta.Settle(ctx) // every webhook was taken or given up
//	got := ann.Inbox()
//
// Everything lives in memory and ends with Close. Arguments may come as JSON, as a form or in the query, as at Meta. Whoever
// starts the emulator may mount addresses below /_fake/ by which other processes control it: see Mount and FaultRoutes.
//
// Checked by hand with whatsapp-api-js 6.3.0 on Node 20: texts, media by link and by id, locations, buttons, lists,
// templates, reactions, upload, download and deletion of media, refusals. It sends contacts as a string with JSON
// inside, which is refused here. @octokit/webhooks-methods takes the signatures of both kinds of webhooks.
package graphfake
