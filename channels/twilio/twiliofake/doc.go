// Package twiliofake imitates the part of Twilio that Parley speaks to: messages, media,
// contents with their review, callbacks, opt-outs, and the customers' phones. It speaks
// HTTP on loopback sockets and knows nothing of Parley; any Twilio client can use it.
//
// It refuses what Twilio refuses: wrong credentials (20003), numbers that aren't ours, texts that are too long (21617),
// customers who said STOP (21610), free WhatsApp texts a day after the customer's last one (63016, told by callback, as
// Twilio does). If the program under test answers a callback with text or TwiML, the customer gets that, as from Twilio,
// and it is recorded in Answers.
//
//	s, err := twiliofake.Start(twiliofake.Options{AccountSID: "AC0…", AuthToken: "secret",
//		Numbers: []twiliofake.Number{{Address: "whatsapp:+15550100", Webhook: hook}}})
//	defer s.Close()
//	ann := s.Phone("whatsapp:+15550123", "whatsapp:+15550100", "Ann")
//	sid, err := ann.Send(twiliofake.Message{Text: "Hello"})
//	got, err := s.Wait(ctx, func() bool { return len(ann.Inbox()) == 1 })
//
// All data is in memory and is lost with Close.
//
// Checked by hand with twilio 6.2.0 on Node 20:
//
//   - Messages are sent and listed page by page.
//   - Files are listed and shown.
//   - Contents are made, approved, sent and removed.
//   - Refusals have Twilio's codes.
//   - twilio's validateRequest accepts the signatures of callbacks, also for an address with query and overrides.
//
// Also checked with twilio 9.11.0 on Python 3.11: messages are sent and listed; contents are made, submitted and
// removed.
package twiliofake
