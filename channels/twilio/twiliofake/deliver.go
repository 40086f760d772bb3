package twiliofake

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// replyWindow is how long after a customer's message WhatsApp delivers free text. Outside the window, it only delivers templates.
const replyWindow = 24 * time.Hour

// maxCaption is the maximum length of a file's caption on WhatsApp, in characters.
const maxCaption = 1024

// processMessage imitates what Twilio does with a message after it has accepted it: it fetches the files, delivers the message, and calls
// the status callback for each new status ("sent", "delivered"). If code isn't 0, the message fails with that error code.
func (e *exchange) processMessage(m *stored, code int) {
	code = cmp.Or(code, e.findRefusal(m))
	if code == 0 {
		code = e.media.fetch(m) // without the lock, because the sender's host may be slow or may call this server
	}
	if code != 0 {
		e.move(m, failedStatus(m), code)
		return
	}

	e.putIntoInbox(m)
	e.move(m, messageSent, 0)
	e.move(m, messageDelivered, 0)
}

// findRefusal returns the error code with which WhatsApp refuses a message that Twilio has accepted, or 0.
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

// failedStatus returns the status of a message that Twilio could not deliver.
func failedStatus(m *stored) messageStatus {
	if strings.HasPrefix(m.from, waPrefix) {
		return messageFailed
	}
	return messageUndelivered
}

// putIntoInbox makes a message appear on the customer's phone.
func (e *exchange) putIntoInbox(m *stored) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.findPhoneLocked(m.to, m.from, "")
	p.inbox = append(p.inbox, m)
}

// move changes a message's status and calls its status callback. code is Twilio's error code, 0 if the message didn't fail.
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

// Callback calls a message's status callback. The status need not be the message's, so a test can make callbacks late, early, twice, or
// wrong. Callback returns the HTTP status of the last attempt, 0 if there was no response.
func (e *exchange) Callback(messageSid, status string) int {
	address, form := e.statusCallback(messageSid, status)
	if address == "" {
		return 0
	}
	var notInbound *stored
	return e.hooks.call(address, form, notInbound) // without the lock, because the company may call this server before it responds
}

// statusCallback returns the address and the form of a status callback. The address is "" if the message has no callback.
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
