package torture

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// This file reads from the emulators of a test run what people see: the threads of the agents' chat, and what each
// customer has received by mail or by phone. It never asks Parley or its database, so that a bug in Parley can't hide
// itself. Messages are recognised by markers, unique words in their texts such as "inbound-c017-5".

// observe returns everything that people see now.
func (o *oracle) observe(ctx context.Context) (Observation, error) {
	var observed Observation
	var err error
	if observed.Threads, err = o.platform.ReadThreads(ctx); err != nil {
		return observed, err
	}

	for conversation := 1; conversation <= o.conversations; conversation++ {
		mailbox, err := o.readMailbox(ctx, conversation)
		if err != nil {
			return observed, err
		}
		observed.Mailboxes = append(observed.Mailboxes, mailbox)
	}

	submissions, err := o.client.ListSubmissions(ctx)
	if err != nil {
		return observed, err
	}
	for _, m := range submissions {
		if m.Automatic {
			continue // an automatic reply goes to nobody in copy
		}
		observed.Submissions = append(observed.Submissions, Submission{ID: m.MessageID, To: m.To})
	}

	return observed, nil
}

// excuseLateEvents reads how long it took the chat to notify Parley of messages and changes, and excuses the possible
// consequences of late notifications.
func (o *oracle) excuseLateEvents(ctx context.Context) error {
	// In Slack, Parley can't look up deletions, and looks for edits only after an interruption. In Teams it compares
	// everything that it may read.
	seesChanges := o.client.Teams != "" && !o.client.Blind
	telling := Telling{Hold: o.hold, HidesChanges: !seesChanges}
	for what, delays := range map[Change]*map[string]time.Duration{
		Written:          &telling.Written,
		EmulatorsEdited:  &telling.Edited,
		EmulatorsDeleted: &telling.Deleted,
	} {
		var err error
		if *delays, err = o.platform.EventDelays(ctx, what); err != nil {
			return err
		}
	}
	o.expectation.Excuse(telling)
	return nil
}

// readMailbox returns what a customer sent and received, by mail or by phone. It records mails that can't be parsed in
// o.unreadable.
func (o *oracle) readMailbox(ctx context.Context, conversation int) (Mailbox, error) {
	if kind := ChatKindOf(conversation, o.client.Chats); kind != ByMail {
		return o.readPhone(ctx, kind, conversation)
	}

	address := CustomerAddress(conversation)
	mailbox := Mailbox{Conversation: conversation, Readers: append([]string{address}, CopyAddresses(conversation)...)}
	sent, err := o.client.ReadFolder(ctx, address, "Sent")
	if err != nil {
		return mailbox, err
	}

	received, err := o.client.ReadFolder(ctx, address, "INBOX")
	if err != nil {
		return mailbox, err
	}

	for _, m := range sent {
		for _, found := range MarkersIn(m.Text) {
			if found.Kind == Inbound {
				mailbox.Sent = append(mailbox.Sent, found)
				break // the rest is quoted text
			}
		}
	}

	answers := 0
	for _, m := range received {
		if strings.HasPrefix(strings.TrimSpace(m.Text), AutomaticReply) {
			answers++
		}
		if m.ParseError != "" {
			o.unreadable[fmt.Sprintf("the mail %s to customer %d can't be read: %s", m.MessageID, conversation, m.ParseError)] = true
		}
		mailbox.Received = append(mailbox.Received, Message{
			ID:       m.MessageID,
			Markers:  MarkersOf(m),
			EndWords: EndWordsOf(m),
		})
	}
	if answers > 1 {
		o.unreadable[fmt.Sprintf("customer %d has had %d automatic replies", conversation, answers)] = true
	}

	return mailbox, nil
}

// readPhone returns the messages of a customer who writes by phone. It excuses the order of those that Parley's webhook
// did not accept at first.
func (o *oracle) readPhone(ctx context.Context, kind ChatKind, conversation int) (Mailbox, error) {
	mailbox := Mailbox{Conversation: conversation}
	phone, err := o.client.ReadPhone(ctx, kind, conversation)
	if err != nil {
		return mailbox, err
	}

	for _, text := range phone.Sent {
		mailbox.Sent = append(mailbox.Sent, MarkersIn(text)...)
	}
	for _, text := range phone.Late {
		for _, m := range MarkersIn(text) {
			o.expectation.Excused[m] = true
		}
	}
	for _, m := range phone.Received {
		mailbox.Received = append(mailbox.Received, Message{
			ID:       m.ID,
			Markers:  MarkersIn(m.Text),
			EndWords: EndWordsIn(m.Text),
		})
	}

	mailbox.Unsent = phone.Unsent
	return mailbox, nil
}
