package twiliofake

import (
	"strconv"
	"strings"
	"time"
)

// process plays what Twilio does with an accepted message: queue, send, deliver. code is an
// injected fate.
func (s *Server) process(m *stored, code int) {
	s.mu.Lock()
	window := s.lastIn[m.to+" "+m.from]
	wa := strings.HasPrefix(m.from, "whatsapp:")
	closed := wa && !s.approvedContent(m) && s.opt.Now().Sub(window) >= 24*time.Hour
	state := s.contentState(m)
	s.mu.Unlock()
	switch {
	case code != 0:
	case closed:
		code = 63016
	case state == "paused":
		code = 63041
	case state == "disabled":
		code = 63042
	default:
		code = s.fetch(m)
	}
	if code != 0 {
		status := "undelivered"
		if wa {
			status = "failed"
		}
		s.move(m, status, code)
		return
	}
	s.mu.Lock()
	if p := s.phone(m.to, m.from, ""); p != nil {
		p.inbox = append(p.inbox, m)
	}
	s.mu.Unlock()
	s.move(m, "sent", 0)
	s.move(m, "delivered", 0)
}

// move changes a message's status and tells its sender.
func (s *Server) move(m *stored, status string, code int) {
	s.mu.Lock()
	now := s.opt.Now().UTC()
	m.status, m.code, m.updated = status, code, now
	if m.sent.IsZero() {
		m.sent = now
	}
	s.Poke()
	hold := s.opt.HoldCallbacks
	s.mu.Unlock()
	if !hold {
		s.Callback(m.sid, status)
	}
}

// Callback calls a message's status callback with a status, whatever its status is: for
// callbacks that come twice, late, early or never otherwise. It returns when the callback
// was answered or given up, with the last HTTP status, 0 for none.
func (s *Server) Callback(messageSid, status string) int {
	s.mu.Lock()
	m := s.find(messageSid)
	if m == nil || m.callback == "" {
		s.mu.Unlock()
		return 0
	}
	form := s.common(m)
	form.Set("MessageStatus", status)
	form.Set("SmsStatus", status)
	if m.code != 0 {
		form.Set("ErrorCode", strconv.Itoa(m.code))
	}
	s.mu.Unlock()
	return s.call(m.callback, form, nil)
}
