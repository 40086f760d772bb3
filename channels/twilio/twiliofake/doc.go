// Package twiliofake imitates the part of Twilio that Parley speaks to: messages, media,
// contents with their review, callbacks, opt-outs, and the customers' phones. It speaks
// HTTP on loopback sockets and knows nothing of Parley; any Twilio client can use it.
//
// It refuses what Twilio refuses: wrong credentials (20003), numbers that aren't ours, texts that are too long (21617),
// customers who said STOP (21610), free WhatsApp texts a day after the customer's last one (63016, told by callback, as
// Twilio does). What a callback answers as text or TwiML goes to the customer, and is noted in Answers.
//
//	s, err := twiliofake.Start(twiliofake.Options{AccountSID: "AC0…", AuthToken: "secret",
//		Numbers: []twiliofake.Number{{Address: "whatsapp:+15550100", Webhook: hook}}})
//	defer s.Close()
//	ann := s.Phone("whatsapp:+15550123", "whatsapp:+15550100", "Ann")
//	sid, err := ann.Send(twiliofake.Message{Text: "Hello"})
//	got, err := s.Wait(ctx, func() bool { return len(ann.Inbox()) == 1 })
//
// Everything lives in memory and ends with Close. Programs in another process let customers act, look on and arm faults at
// addresses below /_fake/; see control.go.
//
// Checked by hand with twilio 6.2.0 on Node 20: messages are sent, read and listed page by page, contents are
// made, approved, sent and removed, refusals have Twilio's codes, and its validateRequest takes the signatures
// of callbacks, also of an address with query and overrides; messages are redacted and removed; files are listed, shown and
// removed; a content with two types is made and changed; a messaging service chooses the sender, or is refused.
package twiliofake
