package twiliofake

import (
	"strconv"
	"strings"
	"time"
)

// replyWindow is how long after a customer's message free text may be sent on WhatsApp.
const replyWindow = 24 * time.Hour

// processMessage plays what Twilio does with an accepted message: queue, send, deliver. code is the error code with
// which a test lets it fail; 0 means it doesn't.
func (e *exchange) processMessage(m *stored, code int) {
	e.mu.Lock()
	isWhatsApp := strings.HasPrefix(m.from, waPrefix)
	isClosed := false
	if isWhatsApp && !e.library.hasApprovedContent(m) {
		isClosed = e.opt.Now().Sub(e.lastIn[pairKey(m.to, m.from)]) >= replyWindow
	}

	state := e.library.contentState(m)
	e.mu.Unlock()

	if code == 0 {
		switch {
		case isClosed:
			code = codeWindowClosed
		case state == "paused":
			code = codePaused
		case state == "disabled":
			code = codeDisabled
		default:
			code = e.media.fetch(m)
		}
	}

	if code != 0 {
		status := "undelivered"
		if isWhatsApp {
			status = "failed"
		}

		e.move(m, status, code)
		return
	}

	e.mu.Lock()

	if p := e.findPhone(m.to, m.from, ""); p != nil {
		p.inbox = append(p.inbox, m)
	}

	e.mu.Unlock()
	e.move(m, "sent", 0)
	e.move(m, "delivered", 0)
}

// move changes a message's status and calls its status callback. code is Twilio's error code; 0 means that it didn't fail.
func (e *exchange) move(m *stored, status string, code int) {
	e.mu.Lock()
	now := e.opt.Now().UTC()
	m.status, m.code, m.updated = status, code, now
	if m.sent.IsZero() {
		m.sent = now
	}
	e.Poke()
	hold := e.opt.HoldCallbacks
	e.mu.Unlock()
	if !hold {
		e.Callback(m.sid, status)
	}
}

// Callback calls a message's status callback with a status that needn't be the message's: a test can let callbacks come
// twice, late, early, or with a status that never was. It returns when the callback was answered or given up, with the
// last HTTP status; 0 means that there was no answer.
func (e *exchange) Callback(messageSid, status string) int {
	e.mu.Lock()
	m := e.find(messageSid)
	if m == nil || m.callback == "" {
		e.mu.Unlock()
		return 0
	}

	form := e.commonForm(m)
	form.Set("MessageStatus", status)
	form.Set("SmsStatus", status)
	if m.code != 0 {
		form.Set("ErrorCode", strconv.Itoa(m.code))
	}

	e.mu.Unlock()
	return e.hooks.call(m.callback, form, nil)
}
