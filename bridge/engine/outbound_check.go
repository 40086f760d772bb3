package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/routing"
	"parley/store"
)

// These are the last checks before a reply is sent to a customer. The first part checks what may have changed
// since the reply was queued: the account's mode, its author, its recipients, the customer's consent.
//
// The second part reads the agent's message again in its surface (the chat of agents, such as Slack). An agent
// may have edited or deleted it while Parley was disconnected: that time is a gap, in which events may have been
// missed. For example, Ann types "50 % off", changes it to "5 % off", and the connection is lost in between.
// Without the check the customer would get the first text.

// checkReply returns an error if a reply may not leave, as its account, author, recipients and reply window are
// now. The reply window is the time in which a provider allows free text to a customer.
func checkReply(r *outgoingReply) error {
	if r.account.Mode == store.ModeWatch {
		return &channels.SendError{
			Class: channels.BadContent,
			Text:  "The account only watches: nothing is sent.",
			Hint:  "An admin can switch it to live.",
		}
	}

	sentByClick := r.message.Reason == bridge.ReasonClicked || r.message.Reason == bridge.ReasonRevived // possibly by another agent
	isAuthorActive := r.author != nil && r.author.Active
	if !sentByClick && !isAuthorActive && !r.message.IsAutomaticReply() {
		return &channels.SendError{
			Class: channels.BadContent,
			Text:  "Its author is no longer an agent.",
			Hint:  "Copy the text and send it as your own.",
		}
	}

	if r.message.IsAutomaticReply() && r.now.Sub(r.message.CreatedAt) > routing.MaxReplyDelay {
		return &channels.SendError{Class: channels.BadContent, Text: "It could not leave in time, and says nothing useful any more."}
	}

	if err := checkRecipients(r); err != nil {
		return err
	}
	if len(r.out.To) == 0 {
		return &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "Nobody is left to send it to.",
			Hint:  "Set the recipient: !to ann@example.org",
		}
	}
	if hint := r.unwantedHint(); hint != "" {
		return &channels.SendError{Class: channels.OptedOut, Text: "The customer doesn't want such messages.", Hint: hint}
	}
	if !r.isWindowOpen() {
		return &channels.SendError{Class: channels.WindowClosed}
	}
	if p := PromotionProblem(r.message.Promotional, r.window, r.now); p != nil {
		return &channels.SendError{Class: channels.BadContent, Text: p.Text, Hint: p.Hint}
	}

	return checkTrial(r)
}

// checkTrial returns an error if the account is on trial and a recipient is not on its list.
func checkTrial(r *outgoingReply) error {
	if r.account.Mode != store.ModeTrial {
		return nil
	}

	isListed := func(key string) bool { return slices.Contains(r.account.TrialTo, key) }
	for _, p := range slices.Concat(r.out.To, r.out.Cc) {
		if !slices.ContainsFunc(append([]string{p.Key}, p.Also...), isListed) {
			return &channels.SendError{
				Class: channels.BadRecipient,
				Text:  "The account is on trial and " + p.Key + " is not on its list.",
				Hint:  "Add the address to trial_to, or switch the account to live.",
			}
		}
	}
	return nil
}

// checkRecipients returns an error if the recipients changed while a reply waited, so that it wouldn't reach
// somebody for whom it was typed (payload.Meant), or would also reach somebody else.
func checkRecipients(r *outgoingReply) error {
	if len(r.payload.Meant) == 0 {
		return nil // a click sends it to the current recipients
	}

	const hint = "Send it again to the new ones, or set them first: "
	changed := &channels.SendError{
		Class: channels.BadRecipient,
		Hint:  hint + "!to " + strings.Join(r.payload.Meant, " "),
	}
	reached := slices.Concat(r.out.To, r.out.Cc)
	goesToCustomer := len(r.out.To) == 1 && slices.Contains(r.customerKeys, r.out.To[0].Key)
	for _, key := range r.payload.Meant {
		if goesToCustomer && slices.Contains(r.customerKeys, key) {
			continue // it reaches the same customer under another key
		}
		if !slices.ContainsFunc(reached, func(p channels.Party) bool { return p.Key == key }) {
			changed.Text = "The recipients changed while it waited: it would not reach " + key + "."
			return changed
		}
	}

	expected := slices.Concat(r.payload.Meant, r.payload.Copied, r.chosenKeys, r.customerKeys)
	for _, p := range reached {
		if !slices.Contains(expected, p.Key) {
			changed.Text = "The recipients changed while it waited: it would also reach " + p.Key + "."
			isCopied := slices.ContainsFunc(r.out.Cc, func(c channels.Party) bool { return c.Key == p.Key })
			if isCopied { // !to doesn't change copies
				changed.Hint = hint + "!cc -" + p.Key
			}
			return changed
		}
	}
	return nil
}

// unwantedHint returns a hint for the author if the customer refuses all messages, or refuses advertising and
// this reply is some. Otherwise it returns "".
func (r *outgoingReply) unwantedHint() string {
	switch r.optedOut {
	case "":
		return ""
	case store.OptedOutAll:
		return OptedOutHint
	}
	isAdvertisement := r.out.Template != nil && strings.EqualFold(r.out.Template.Category, "marketing")
	if r.message.Promotional || isAdvertisement {
		return AdvertisingHint
	}
	return ""
}

const (
	maxApplyTime   = 10 * time.Second // how long it may take to apply a change that was found in the chat
	confirmTimeout = 15 * time.Second // timeout of reading a message again
)

// sourceCheck reads the texts of a reply again in the surface where they were typed.
type sourceCheck struct {
	*replyAttempt
	precautionEnds time.Time // deadline of all precautionary reads of the reply (see readingTime); zero before the first
}

// confirmReply reads the message that an agent typed again in its surface, if the surface may have missed events
// since it was typed, or if the message itself arrived late. It returns an error if the message was changed or
// can't be read, so that the reply doesn't leave now (requirement R-249).
func (a *sourceCheck) confirmReply(ctx context.Context, r *outgoingReply, l replyLine) error {
	c, m := a.claim, l.message
	s := a.engine.Surface(m.AccountID)
	channel := a.engine.Directory().ChannelNow(m.AccountID, m.Channel)
	at := bridge.Place{Channel: channel, Thread: l.at.Thread, Message: m.Place}
	if m.Place == "" && a.engine.Directory().OpensThreads(m.AccountID, channel) {
		at.Message = l.at.Message // typed outside of its conversation's thread, or ("") written in a form
	}
	wasTyped := at.Message != ""
	if s == nil || !wasTyped || m.Reason == bridge.ReasonRevived {
		return nil
	}

	isPrecaution := !a.mayBeMissing(l) && !wasChangeFound(c)
	if isPrecaution && !mayHideGap(s, channel, ageOf(m, c, a.now)) {
		return nil
	}

	filling, err := a.engine.Filling(ctx, m.AccountID, a.sender.GapWait)
	if err != nil {
		return Retry(err)
	}
	if filling {
		return &channels.SendError{Class: channels.Retry, Wait: time.Second, Text: keepFound(waitsForGap, c)}
	}

	reading, cancel := a.readingTime(ctx, isPrecaution)
	defer cancel()
	found, err := s.Confirm(reading, at, m.Text)
	isUnread := err != nil && found == bridge.Unchanged
	if isUnread && isPrecaution {
		return a.waitBriefly(ctx, m, err)
	}
	if err != nil {
		return waitForChat(err, c)
	}
	return a.judgeConfirmed(ctx, r, m, at.Message, found)
}

// ageOf returns how long ago a text was typed. A click may queue it long after that, or send it again long after
// it was queued: the longer time counts.
func ageOf(m *store.Message, c store.ClaimedDelivery, now time.Time) time.Duration {
	return max(store.Seconds(c.CreatedAgo), now.Sub(m.SaidAt))
}

// mayBeMissing reports whether events about a typed text, such as an edit, may be missing: there was a gap since
// it was typed, or the text itself arrived late.
func (a *sourceCheck) mayBeMissing(l replyLine) bool {
	m := l.message
	age := ageOf(m, a.claim, a.now)
	missedAgo, wasMissed := a.missedAgo[m.ID]
	hasGapElsewhere := wasMissed && missedAgo < age+gapMargin
	return l.late || hasGapElsewhere || a.engine.GapWithin(m.AccountID, age)
}

// judgeConfirmed returns an error if a reply may not leave according to what its surface found when it read the
// message again. place is the message's id there.
func (a *sourceCheck) judgeConfirmed(
	ctx context.Context, r *outgoingReply, m *store.Message, place string, found bridge.Confirmation,
) error {
	if found == bridge.Blocked {
		return a.refuseLine(ctx, m, "A message that was to leave with it is blocked in the chat.",
			&channels.SendError{
				Class: channels.Confidential,
				Text:  "A rule of your organisation blocks this message in the chat.",
				Hint:  "Say it in other words, or have the chat lift the block and send it again.",
			})
	}

	if found == bridge.Unchanged && a.claim.Part > 0 {
		return nil // a piece has left, and the rest has the same words even if Parley's record was changed since
	}

	if found == bridge.Unchanged {
		if err := a.sender.awaitEmoji(ctx, m, place); err != nil {
			return err
		}
		return a.sender.checkUnchanged(ctx, m)
	}

	isTooLate := found == bridge.Changed && a.followsText(r) // the text has left already; only files follow
	if err := a.awaitChange(ctx, m, isTooLate); err != nil {
		return err
	}
	if isTooLate {
		return nil // its author has been notified
	}
	return a.refuseLine(ctx, m, keepFound("A message that was to leave with it was changed in the chat.", a.claim),
		&channels.SendError{
			Class: channels.BadContent,
			Text:  "The message was changed after it was typed.",
			Hint:  "Type it again.",
		})
}

// refuseLine returns the error that keeps a line (one typed text of the reply) from leaving. For a line that was to
// leave by itself that is refusal. If the line was to leave in one message with others (a run), this attempt only
// takes it out of the run. The error's text is then others, which says why the other lines wait. They leave by
// other attempts, and the line fails in an attempt of its own.
func (a *sourceCheck) refuseLine(ctx context.Context, m *store.Message, others string, refusal *channels.SendError) error {
	canLeaveWithout := len(a.claim.With) > 0 && a.claim.Part == 0
	if !canLeaveWithout {
		return refusal
	}
	if err := store.LeaveDelivery(ctx, a.sender.Pool, a.claim, m.ID); err != nil {
		return Retry(err)
	}
	return &channels.SendError{Class: channels.Retry, Wait: time.Millisecond, Text: others}
}

// changeIsRead is the reason why a reply waits if its message was changed in the chat. The text is stored as the
// attempt's error, in which the next attempt finds it (wasChangeFound).
const changeIsRead = "The message was changed; the change is being read."

// awaitChange returns the error with which a reply waits until a change found in the chat must have been applied.
// The wait is limited, because some changes can't be applied, and a chat may show an older text than the stored
// one: it is as long as for a gap, and then until nothing in the reply's thread waits to be applied. If the text
// has already left (isTooLate), only the latter counts: from then on the chat shows another text than the stored
// one.
func (a *sourceCheck) awaitChange(ctx context.Context, m *store.Message, isTooLate bool) error {
	waits := &channels.SendError{Class: channels.Retry, Wait: time.Second, Text: changeIsRead}
	hasWaited := isTooLate || store.Seconds(a.claim.FirstAgo) > a.sender.GapWait+maxApplyTime
	if !wasChangeFound(a.claim) || !hasWaited {
		return waits
	}
	isBehind, err := store.ThreadWaits(ctx, a.sender.Pool, m)
	if err != nil {
		return Retry(err)
	}
	if isBehind {
		return waits
	}
	if a.claim.Part > 0 {
		return nil // as in judgeConfirmed
	}
	return a.sender.checkUnchanged(ctx, m)
}

// changeWasFound is appended to an attempt's error so that the next attempt knows that a change was found before.
const changeWasFound = "A change was found there before."

// keepFound returns why with changeWasFound appended, if a change was found before.
func keepFound(why string, c store.ClaimedDelivery) string {
	if wasChangeFound(c) {
		return why + " " + changeWasFound
	}
	return why
}

// wasChangeFound reports whether the last attempt that could read the message in its chat found a change.
func wasChangeFound(c store.ClaimedDelivery) bool {
	return strings.Contains(c.ErrorText, changeIsRead) || strings.Contains(c.ErrorText, changeWasFound)
}

// followsText reports whether an attempt sends only what follows the text of a reply, such as files.
func (a *replyAttempt) followsText(r *outgoingReply) bool {
	return a.claim.Part > 0 || r.payload.Span != nil && r.payload.Span.From > 0
}

// The backoff while a chat can't be read. It is short at first, since most failures are over in a moment, and
// limited, since the reply must leave soon after the chat is back.
const (
	minChatRetry = time.Second
	maxChatRetry = time.Minute
)

// The reasons why a reply waits for its chat.
const (
	waitsForGap = "Waiting for the messages missed while disconnected."
	chatNotRead = "Parley could not read in the chat whether the message was changed."
)

// IsWaitingForChat reports whether a reply waits until its chat can be read again. errorText is the error of its
// last attempt.
func IsWaitingForChat(errorText string) bool {
	return strings.Contains(errorText, waitsForGap) || strings.Contains(errorText, chatNotRead)
}

// waitForChat returns the error with which a reply waits until its surface can read the message. If the chat's
// rate limit was hit, only this reply waits as long as the chat demands; the customer's channel isn't slowed
// down.
func waitForChat(err error, c store.ClaimedDelivery) *channels.SendError {
	const doublings = 6 // enough to reach maxChatRetry; limits the shift
	wait := minChatRetry << min(max(c.Attempt-1, 0), doublings)
	out := &channels.SendError{
		Class: channels.Retry,
		Text:  keepFound(chatNotRead, c),
		Cause: err,
		Wait:  min(maxChatRetry, wait),
	}
	if se, ok := errors.AsType[*channels.SendError](err); ok && se.Wait > 0 {
		out.Wait = se.Wait
	}
	return out
}

// checkUnchanged returns an error if Parley's record of the message was changed since the attempt read it. The
// next attempt then sends the new content.
func (e *Sender) checkUnchanged(ctx context.Context, m *store.Message) error {
	now, err := store.Messages(ctx, e.Pool, m.ID)
	if err != nil {
		return Retry(err)
	}
	if len(now) == 1 && hasSameContent(&now[0], m) {
		return nil
	}
	return &channels.SendError{Class: channels.Retry, Wait: time.Second, Text: "The message was changed just now."}
}

// awaitEmoji returns an error while an emoji on the message is stored but not applied: it may take the reply
// back. place is the message's id in its chat.
func (e *Sender) awaitEmoji(ctx context.Context, m *store.Message, place string) error {
	waits, err := store.EmojiWaits(ctx, e.Pool, m.AccountID, m.Channel, place, e.GapWait+maxApplyTime)
	if err != nil {
		return Retry(err)
	}
	if waits {
		return &channels.SendError{Class: channels.Retry, Wait: time.Second, Text: "An emoji on the message is being read."}
	}
	return nil
}

// hasSameContent reports whether two versions of a message's row have the same text and fate.
func hasSameContent(a, b *store.Message) bool { return a.Text == b.Text && a.Fate == b.Fate }
