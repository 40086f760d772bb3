package twiliofake

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// replyWindow is how long after a customer's message free text may be sent on WhatsApp.
const replyWindow = 24 * time.Hour

// maxCaption is how many characters WhatsApp takes beside a file.
const maxCaption = 1024

// processMessage does what Twilio does with an accepted message: send it, deliver it, and call its status callback. If code isn't 0, the
// message fails with that error code.
func (e *exchange) processMessage(m *stored, code int) {
	code = cmp.Or(code, e.findRefusal(m))
	if code == 0 {
		code = e.media.fetch(m) // without the lock: the sender's host may be slow, or ask this server
	}
	if code != 0 {
		e.move(m, failedStatus(m), code)
		return
	}

	e.putIntoInbox(m)
	e.move(m, messageSent, 0)
	e.move(m, messageDelivered, 0)
}

// findRefusal returns the error code with which WhatsApp refuses a message that was accepted; 0 if it doesn't.
func (e *exchange) findRefusal(m *stored) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	needsWindow := strings.HasPrefix(m.from, waPrefix) && !e.library.hasApprovedContentLocked(m)
	if needsWindow && e.opt.Now().Sub(e.lastIn[pairKey(m.to, m.from)]) >= replyWindow {
		return codeWindowClosed
	}
	if len(m.media) > 0 && strings.HasPrefix(m.from, waPrefix) && utf8.RuneCountInString(m.body) > maxCaption {
		return codeBadContent
	}
	switch e.library.contentVerdictLocked(m) {
	case verdictPaused:
		return codePaused
	case verdictDisabled:
		return codeDisabled
	default:
		return 0
	}
}

// failedStatus returns the status with which Twilio gives a message up.
func failedStatus(m *stored) messageStatus {
	if strings.HasPrefix(m.from, waPrefix) {
		return messageFailed
	}
	return messageUndelivered
}

// putIntoInbox shows a message on the customer's phone.
func (e *exchange) putIntoInbox(m *stored) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.findPhoneLocked(m.to, m.from, "")
	p.inbox = append(p.inbox, m)
}

// move changes a message's status and calls its status callback. code is Twilio's error code; 0 means that it didn't fail.
func (e *exchange) move(m *stored, status messageStatus, code int) {
	e.setStatus(m, status, code)
	if !e.opt.HoldCallbacks {
		e.Callback(m.sid, string(status))
	}
}

func (e *exchange) setStatus(m *stored, status messageStatus, code int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.opt.Now().UTC()
	m.status, m.code, m.updated = status, code, now
	if m.sent.IsZero() {
		m.sent = now
	}
	e.Poke()
}

// Callback calls a message's status callback with a status that needn't be the message's: a test can let callbacks come
// twice, late, early, or with a status that never was. It returns when the callback was answered or given up, with the
// last HTTP status; 0 means that there was no answer.
func (e *exchange) Callback(messageSid, status string) int {
	address, form := e.statusCallback(messageSid, status)
	if address == "" {
		return 0
	}
	return e.hooks.call(address, form, nil) // without the lock: who is called may ask this server before it answers
}

// statusCallback returns the address and the form of a status callback; the address is "" if the message has none.
func (e *exchange) statusCallback(messageSid, status string) (address string, form url.Values) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.findLocked(messageSid)
	if m == nil || m.callback == "" {
		return "", nil
	}

	form = e.commonFormLocked(m)
	form.Set("MessageStatus", status)
	form.Set("SmsStatus", status)
	if m.code != 0 {
		form.Set("ErrorCode", strconv.Itoa(m.code))
	}

	return m.callback, form
}
