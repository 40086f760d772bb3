package smtpcode

import (
	"fmt"
	"testing"
	"time"

	"parley/channels"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		step   Step
		code   int
		text   string
		waited time.Duration
		want   channels.Class
		wait   time.Duration
	}{
		// Passing failures.
		{StepMail, 421, "4.7.0 Try again later", 0, channels.Retry, 0},
		{StepDot, 421, "Service not available", 0, channels.Retry, 0},
		{StepRcpt, 450, "4.2.1 busy", 0, channels.Retry, 0},
		{StepDot, 451, "4.3.0 Local error", 0, channels.Retry, 0},
		{StepRcpt, 452, "4.2.2 Mailbox full", 0, channels.Retry, 0},
		{StepMail, 432, "4.3.2 Concurrent connections limit exceeded", 0, channels.Retry, 0},
		{StepData, 451, "4.4.2 timeout", 0, channels.Retry, 0},
		{StepRcpt, 450, "4.7.1 Greylisted", 0, channels.Retry, 0},
		{StepAuth, 421, "4.7.0 Too many login attempts", 0, channels.Retry, 0},
		{StepGreeting, 450, "busy", 0, channels.Retry, 0},
		// Credentials.
		{StepAuth, 454, "4.7.0 Temporary authentication failure", 0, channels.Retry, 0},
		{StepAuth, 454, "Temporary authentication failure", 29 * time.Minute, channels.Retry, 0},
		{StepAuth, 454, "4.7.0 Temporary authentication failure", 30 * time.Minute, channels.AuthBroken, 0},
		{StepMail, 454, "4.7.0 Authentication needed", 0, channels.AuthBroken, 0},
		{StepAuth, 432, "4.7.12 A password transition is needed", 0, channels.AuthBroken, 0},
		{StepAuth, 535, "5.7.3 Authentication unsuccessful", 0, channels.AuthBroken, 0},
		{StepAuth, 535, "5.7.8 Username and Password not accepted", 0, channels.AuthBroken, 0},
		{StepAuth, 535, "5.7.139 Authentication unsuccessful, basic authentication is disabled.", 0, channels.AuthBroken, 0},
		{StepAuth, 535, "Incorrect authentication data", 0, channels.AuthBroken, 0},
		{StepAuth, 504, "Unrecognized authentication type", 0, channels.AuthBroken, 0},
		{StepAuth, 534, "5.7.9 Application-specific password required", 0, channels.AuthBroken, 0},
		{StepAuth, 554, "5.7.1 Not allowed", 0, channels.AuthBroken, 0},
		{StepMail, 530, "5.7.57 Client not authenticated to send mail", 0, channels.AuthBroken, 0},
		{StepMail, 530, "5.7.0 Authentication required", 0, channels.AuthBroken, 0},
		{StepRcpt, 530, "Authentication required", 0, channels.AuthBroken, 0},
		// Recipients.
		{StepRcpt, 550, "5.1.0 Address rejected", 0, channels.BadRecipient, 0},
		{StepRcpt, 550, "5.1.1 No such user", 0, channels.BadRecipient, 0},
		{StepRcpt, 553, "5.1.2 Bad destination system", 0, channels.BadRecipient, 0},
		{StepRcpt, 501, "5.1.3 Bad recipient address syntax", 0, channels.BadRecipient, 0},
		{StepDot, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound", 0, channels.BadRecipient, 0},
		{StepRcpt, 550, "5.2.1 The account is disabled", 0, channels.BadRecipient, 0},
		{StepRcpt, 550, "5.4.1 Recipient address rejected: Access denied", 0, channels.BadRecipient, 0},
		{StepRcpt, 550, "Mailbox unavailable", 0, channels.BadRecipient, 0},
		{StepRcpt, 550, "#5.1.1 Address rejected.", 0, channels.BadRecipient, 0},
		{StepRcpt, 550, "User unknown (5.1.1)", 0, channels.BadRecipient, 0},
		{StepRcpt, 550, "rejected by 5.1.2.3", 0, channels.BadRecipient, 0},
		{StepDot, 554, "5.4.6 Hop count exceeded", 0, channels.BadRecipient, 0},
		{StepDot, 554, "5.4.14 Hop count exceeded - possible mail loop", 0, channels.BadRecipient, 0},
		// A full mailbox gets twelve hours, once.
		{StepRcpt, 552, "5.2.2 The mailbox is over quota", 0, channels.Retry, 12 * time.Hour},
		{StepRcpt, 552, "5.2.2 The mailbox is over quota", 12 * time.Hour, channels.BadRecipient, 0},
		// The mailbox has sent enough for today.
		{StepRcpt, 550, "5.4.5 Daily user sending quota exceeded.", 0, channels.Throttled, time.Hour},
		{StepDot, 550, "5.4.5 Daily user sending limit exceeded.", 0, channels.Throttled, time.Hour},
		{StepDot, 550, "5.1.90 Your message can't be sent because you've reached your daily limit for message recipients", 0, channels.Throttled, time.Hour},
		{StepDot, 550, "5.7.233 Your message can't be sent because your tenant exceeded its daily limit", 0, channels.Throttled, time.Hour},
		{StepDot, 554, "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException.MapiExceptionShutoffQuotaExceeded; Cannot submit message",
			0, channels.Throttled, time.Hour},
		// Content.
		{StepDot, 552, "Message size exceeds fixed limit", 0, channels.BadContent, 0},
		{StepMail, 552, "5.3.4 Message too big", 0, channels.BadContent, 0},
		{StepDot, 554, "5.6.0 Invalid message content", 0, channels.BadContent, 0},
		{StepDot, 554, "Message rejected as spam", 0, channels.BadContent, 0},
		{StepData, 503, "Bad sequence", 0, channels.BadContent, 0},
		// The account.
		{StepDot, 550, "5.7.1 Message rejected due to local policy", 0, channels.AccountBlocked, 0},
		{StepDot, 550, "5.7.26 DMARC", 0, channels.AccountBlocked, 0},
		{StepDot, 550, "5.7.27 SPF", 0, channels.AccountBlocked, 0},
		{StepMail, 550, "5.7.60 SMTP; Client does not have permissions to send as this sender", 0, channels.AccountBlocked, 0},
		{StepMail, 550, "5.7.708 Service unavailable. Access denied, traffic not accepted from this IP", 0, channels.AccountBlocked, 0},
		{StepMail, 550, "5.1.1 our own address", 0, channels.AccountBlocked, 0},
		{StepDot, 554, "5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Cannot submit message",
			0, channels.AccountBlocked, 0},
		{StepDot, 554, "5.2.252 SendAsDenied; support@acme.test not allowed to send as help@acme.test", 0, channels.AccountBlocked, 0},
		{StepMail, 553, "Sender address rejected: not owned by user", 0, channels.AccountBlocked, 0},
		{StepGreeting, 554, "No SMTP service here", 0, channels.AccountBlocked, 0},
		// What no standard names may mean anything.
		{StepDot, 354, "Go ahead", 0, channels.Ambiguous, 0},
		{StepDot, 650, "?", 0, channels.Ambiguous, 0},
		{StepData, 250, "Go ahead", 0, channels.Retry, 0},
		{StepMail, 235, "Signed in", 0, channels.Retry, 0},
		// An enhanced code of another class does not count.
		{StepRcpt, 550, "4.2.2 strange", 0, channels.BadRecipient, 0},
	}
	for _, tc := range tests {
		t.Run(fmt.Sprintf("%d %s", tc.code, tc.text), func(t *testing.T) {
			t.Parallel()
			got := Classify(tc.step, tc.code, tc.text, tc.waited)
			if got.Class != tc.want || got.Wait != tc.wait {
				t.Errorf("%v %v, want %v %v", got.Class, got.Wait, tc.want, tc.wait)
			}
			if got.Hint == "" && got.Class != channels.Ambiguous {
				t.Error("no hint")
			}
		})
	}
}
