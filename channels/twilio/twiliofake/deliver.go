package twiliofake

import (
	"strconv"
	"strings"
	"time"
)

// process plays what Twilio does with an accepted message: queue, send, deliver. code is an
// injected fate.
func (e *exchange) process(m *stored, code int) {
	e.mu.Lock()
	window := e.lastIn[m.to+" "+m.from]
	wa := strings.HasPrefix(m.from, "whatsapp:")
	closed := wa && !e.library.approvedContent(m) && e.opt.Now().Sub(window) >= 24*time.Hour
	state := e.library.contentState(m)
	e.mu.Unlock()
	switch {
	case code != 0:
	case closed:
		code = 63016
	case state == "paused":
		code = 63041
	case state == "disabled":
		code = 63042
	default:
		code = e.media.fetch(m)
	}
	if code != 0 {
		status := "undelivered"
		if wa {
			status = "failed"
		}
		e.move(m, status, code)
		return
	}
	e.mu.Lock()
	if p := e.phone(m.to, m.from, ""); p != nil {
		p.inbox = append(p.inbox, m)
	}
	e.mu.Unlock()
	e.move(m, "sent", 0)
	e.move(m, "delivered", 0)
}

// move changes a message's status and tells its sender.
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

// Callback calls a message's status callback with a status, whatever its status is: for
// callbacks that come twice, late, early or never otherwise. It returns when the callback
// was answered or given up, with the last HTTP status, 0 for none.
func (e *exchange) Callback(messageSid, status string) int {
	e.mu.Lock()
	m := e.find(messageSid)
	if m == nil || m.callback == "" {
		e.mu.Unlock()
		return 0
	}
	form := e.common(m)
	form.Set("MessageStatus", status)
	form.Set("SmsStatus", status)
	if m.code != 0 {
		form.Set("ErrorCode", strconv.Itoa(m.code))
	}
	e.mu.Unlock()
	return e.hooks.call(m.callback, form, nil)
}
