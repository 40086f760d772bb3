package message

import (
	"fmt"
	"testing"
	"time"

	"parley/channels"
)

// reply is a server's reply, which was seen or is named by a standard, and what Classify makes of it.
type reply struct {
	step   Step
	code   int
	text   string
	waited time.Duration // since the first attempt
	want   channels.Class
	wait   time.Duration // until the next attempt; 0 means Parley's own table of waits
}

// checkReplies checks the class and the wait of replies, and that all but ambiguous ones have a hint for people.
func checkReplies(t *testing.T, replies []reply) {
	t.Helper()
	for _, r := range replies {
		t.Run(fmt.Sprintf("%d %s", r.code, r.text), func(t *testing.T) {
			t.Parallel()
			got := Classify(r.step, r.code, r.text, r.waited)
			if got.Class != r.want {
				t.Errorf("class: got %s, want %s", got.Class, r.want)
			}
			if got.Wait != r.wait {
				t.Errorf("wait: got %s, want %s", got.Wait, r.wait)
			}
			if got.Hint == "" && got.Class != channels.Ambiguous {
				t.Errorf("got %+v without a hint, want one", got)
			}
		})
	}
}

// Failures that may pass are tried again after Parley's own pauses.
func TestPassingFailures(t *testing.T) {
	t.Parallel()
	checkReplies(t, []reply{
		{step: StepMail, code: 421, text: "4.7.0 Try again later", want: channels.Retry},
		{step: StepDot, code: 421, text: "Service not available", want: channels.Retry},
		{step: StepRcpt, code: 450, text: "4.2.1 busy", want: channels.Retry},
		{step: StepDot, code: 451, text: "4.3.0 Local error", want: channels.Retry},
		{step: StepRcpt, code: 452, text: "4.2.2 Mailbox full", want: channels.Retry},
		{step: StepMail, code: 432, text: "4.3.2 Concurrent connections limit exceeded", want: channels.Retry},
		{step: StepData, code: 451, text: "4.4.2 timeout", want: channels.Retry},
		{step: StepRcpt, code: 450, text: "4.7.1 Greylisted", want: channels.Retry},
		{step: StepAuth, code: 421, text: "4.7.0 Too many login attempts", want: channels.Retry},
		{step: StepGreeting, code: 450, text: "busy", want: channels.Retry},
	})
}

// If a server refuses the credentials, the account is broken. It is also broken if a server can't check them for half an
// hour.
func TestRefusedCredentials(t *testing.T) {
	t.Parallel()
	checkReplies(t, []reply{
		{step: StepAuth, code: 454, text: "4.7.0 Temporary authentication failure", want: channels.Retry},
		{step: StepAuth, code: 454, text: "Temporary authentication failure", waited: 29 * time.Minute, want: channels.Retry},
		{step: StepAuth, code: 454, text: "4.7.0 Temporary authentication failure", waited: 30 * time.Minute, want: channels.AuthBroken},
		{step: StepMail, code: 454, text: "4.7.0 Authentication needed", want: channels.AuthBroken},
		{step: StepAuth, code: 432, text: "4.7.12 A password transition is needed", want: channels.AuthBroken},
		{step: StepAuth, code: 432, text: "4.3.2 Concurrent connections limit exceeded", want: channels.Retry},
		{step: StepAuth, code: 535, text: "5.7.3 Authentication unsuccessful", want: channels.AuthBroken},
		{step: StepAuth, code: 535, text: "5.7.8 Username and Password not accepted", want: channels.AuthBroken},
		{
			step: StepAuth, code: 535, text: "5.7.139 Authentication unsuccessful, basic authentication is disabled.",
			want: channels.AuthBroken,
		},
		{step: StepAuth, code: 535, text: "Incorrect authentication data", want: channels.AuthBroken},
		{step: StepAuth, code: 504, text: "Unrecognized authentication type", want: channels.AuthBroken},
		{step: StepAuth, code: 534, text: "5.7.9 Application-specific password required", want: channels.AuthBroken},
		{step: StepAuth, code: 554, text: "5.7.1 Not allowed", want: channels.AuthBroken},
		{step: StepMail, code: 530, text: "5.7.57 Client not authenticated to send mail", want: channels.AuthBroken},
		{step: StepMail, code: 530, text: "5.7.0 Authentication required", want: channels.AuthBroken},
		{step: StepRcpt, code: 530, text: "Authentication required", want: channels.AuthBroken},
	})
}

// A server may refuse a recipient by an enhanced code, by the plain code or in words, at RCPT or after the mail.
func TestRefusedRecipients(t *testing.T) {
	t.Parallel()
	checkReplies(t, []reply{
		{step: StepRcpt, code: 550, text: "5.1.0 Address rejected", want: channels.BadRecipient},
		{step: StepRcpt, code: 550, text: "5.1.1 No such user", want: channels.BadRecipient},
		{step: StepRcpt, code: 553, text: "5.1.2 Bad destination system", want: channels.BadRecipient},
		{step: StepRcpt, code: 501, text: "5.1.3 Bad recipient address syntax", want: channels.BadRecipient},
		{step: StepDot, code: 550, text: "5.1.10 RESOLVER.ADR.RecipientNotFound", want: channels.BadRecipient},
		{step: StepRcpt, code: 550, text: "5.2.1 The account is disabled", want: channels.BadRecipient},
		{step: StepRcpt, code: 550, text: "5.4.1 Recipient address rejected: Access denied", want: channels.BadRecipient},
		{step: StepRcpt, code: 550, text: "Mailbox unavailable", want: channels.BadRecipient},
		{step: StepRcpt, code: 550, text: "#5.1.1 Address rejected.", want: channels.BadRecipient},
		{step: StepRcpt, code: 550, text: "User unknown (5.1.1)", want: channels.BadRecipient},
		{step: StepRcpt, code: 550, text: "rejected by 5.1.2.3", want: channels.BadRecipient},
		{step: StepRcpt, code: 553, text: "5.6.7 Non-ASCII addresses not permitted", want: channels.BadRecipient},
		{step: StepReport, code: 550, text: "5.6.7 Non-ASCII addresses not permitted", want: channels.BadRecipient},
		{step: StepDot, code: 554, text: "5.6.7 Non-ASCII addresses not permitted", want: channels.BadRecipient},
		{step: StepDot, code: 554, text: "5.4.6 Hop count exceeded", want: channels.BadRecipient},
		{step: StepDot, code: 554, text: "5.4.14 Hop count exceeded - possible mail loop", want: channels.BadRecipient},
	})
}

// A mail to a full mailbox is tried again once, after twelve hours.
func TestFullMailbox(t *testing.T) {
	t.Parallel()
	checkReplies(t, []reply{
		{step: StepRcpt, code: 552, text: "5.2.2 The mailbox is over quota", want: channels.Retry, wait: 12 * time.Hour},
		{step: StepRcpt, code: 552, text: "5.2.2 The mailbox is over quota", waited: 12 * time.Hour, want: channels.BadRecipient},
		{step: StepRcpt, code: 552, text: "Requested action aborted", want: channels.Retry, wait: 12 * time.Hour},
		{step: StepReport, code: 552, text: "5.0.0 552 disk quota exceeded", waited: 12 * time.Hour, want: channels.BadRecipient},
		{step: StepReport, code: 552, text: "Message size exceeds fixed limit", waited: 12 * time.Hour, want: channels.BadContent},
		{step: StepReport, code: 552, text: "5.3.4 Message exceeds the storage limit", waited: 12 * time.Hour, want: channels.BadContent},
		{step: StepReport, code: 550, text: "Mailbox unavailable", want: channels.BadRecipient},
	})
}

// A server may refuse the mail for its size or its content.
func TestRefusedContent(t *testing.T) {
	t.Parallel()
	checkReplies(t, []reply{
		{step: StepDot, code: 552, text: "Message size exceeds fixed limit", want: channels.BadContent},
		{step: StepMail, code: 552, text: "5.3.4 Message too big", want: channels.BadContent},
		{step: StepDot, code: 554, text: "5.6.0 Invalid message content", want: channels.BadContent},
		{step: StepDot, code: 554, text: "Message rejected as spam", want: channels.BadContent},
		{step: StepData, code: 503, text: "Bad sequence", want: channels.BadContent},

		// The words of rspamd, SpamAssassin's milter, Postfix's own checks, and Microsoft.
		{step: StepDot, code: 554, text: "5.7.1 Spam message rejected", want: channels.BadContent},
		{step: StepDot, code: 550, text: "5.7.1 Blocked by SpamAssassin", want: channels.BadContent},
		{step: StepDot, code: 550, text: "5.7.1 message content rejected", want: channels.BadContent},
		{step: StepDot, code: 550, text: "5.7.1 Message rejected as spam by Content Filtering.", want: channels.BadContent},
	})
}

// A server may refuse the sender, or all mail of the account.
func TestBlockedAccount(t *testing.T) {
	t.Parallel()
	checkReplies(t, []reply{
		{step: StepDot, code: 550, text: "5.7.1 Message rejected due to local policy", want: channels.AccountBlocked},
		{step: StepDot, code: 550, text: "5.7.1 Your account was suspended for sending spam", want: channels.AccountBlocked},
		{step: StepDot, code: 550, text: "5.7.26 DMARC", want: channels.AccountBlocked},
		{step: StepDot, code: 550, text: "5.7.27 SPF", want: channels.AccountBlocked},
		{
			step: StepMail, code: 550, text: "5.7.60 SMTP; Client does not have permissions to send as this sender",
			want: channels.AccountBlocked,
		},
		{
			step: StepMail, code: 550, text: "5.7.708 Service unavailable. Access denied, traffic not accepted from this IP",
			want: channels.AccountBlocked,
		},
		{step: StepMail, code: 550, text: "5.1.1 our own address", want: channels.AccountBlocked},
		{step: StepMail, code: 550, text: "5.6.7 our own address is outside ASCII", want: channels.AccountBlocked},
		{
			step: StepDot,
			code: 554,
			text: "5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Cannot submit message",
			want: channels.AccountBlocked,
		},
		{
			step: StepDot, code: 554, text: "5.2.252 SendAsDenied; support@acme.test not allowed to send as help@acme.test",
			want: channels.AccountBlocked,
		},
		{step: StepMail, code: 553, text: "Sender address rejected: not owned by user", want: channels.AccountBlocked},
		{step: StepGreeting, code: 501, text: "Bad HELO", want: channels.AccountBlocked},
	})
}

// A reply that no standard names at its step is ambiguous after the mail was sent, and tried again before that.
func TestUnexpectedReplies(t *testing.T) {
	t.Parallel()
	checkReplies(t, []reply{
		{step: StepDot, code: 354, text: "Go ahead", want: channels.Ambiguous},
		{step: StepDot, code: 650, text: "?", want: channels.Ambiguous},
		{step: StepData, code: 250, text: "Go ahead", want: channels.Retry},
		{step: StepMail, code: 235, text: "Signed in", want: channels.Retry},
	})
}
