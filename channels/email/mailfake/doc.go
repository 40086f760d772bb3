// Package mailfake is a mail world for tests, the demo and oracles: an IMAP and an
// SMTP server on loopback sockets, the company's mailboxes, the customers' mailboxes,
// and customers who write and answer like people with an ordinary mail program.
//
// Any standard client can log in: nothing here knows Parley, and nothing of Parley belongs here. It refuses what real
// servers refuse (no login, unknown recipients, too large mails) and breaks on request: see Fault. One lock, ground.mu, guards
// all mailboxes; functions whose names end with Locked are called under it.
//
//	world := mailfake.New(mailfake.Options{Mailboxes: []mailfake.MailboxConfig{
//		{Address: "support@acme.test", Password: "secret"},
//	}})
//	err := world.Start(ctx)            // then world.IMAPAddr(), world.SMTPAddr()
//	defer world.Close()
//
//	ann := world.Customer("Ann Lee <ann@customer.test>")
//	sent, err := ann.Send(mailfake.Mail{To: []string{"support@acme.test"}, Subject: "Hi", Text: "Help!"})
//	got, err := world.WaitFor(ctx, ann.Address(), func(in []mailfake.Received) bool { return len(in) == 1 })
//	_, err = ann.Reply(got[0], "Thanks!")
//
//	_, err = ann.ReplyAs(mailfake.Outlook, got[0], mailfake.Mail{Text: "Thanks!"})
//
//	world.SetRecipient(mailfake.RecipientRule{Address: "@gone.test", Policy: mailfake.PolicyBounce})
//	world.SetAutoReply("bob@customer.test", &mailfake.AutoReply{Text: "On holiday"})
//	world.AddFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter})
//	http.Handle("/_fake/", world.Control()) // the same for other processes, as JSON
//
// Any program may bring mail of other domains for the company's mailboxes by SMTP, without a
// login, as to the server that a domain's MX record names. All other mail needs a login.
//
// Mail to a domain that no configured mailbox has creates that customer's mailbox, with Options.CustomerPassword, so a
// real mail program can open it too. Everything lives in memory and ends with Close.
//
// A warning for users of go-imap's client (v2.0.0-beta.8): after ActionCut its Collect races with its own reader. Read
// the literals one by one, and after a read error close the client without touching the command again.
package mailfake
