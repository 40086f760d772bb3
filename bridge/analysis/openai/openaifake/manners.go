package openaifake

import (
	"bytes"
	"compress/gzip"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Manner is a way of misbehaving. The request has been read and recorded by then.
type Manner struct {
	Name string
	play func(*exchange)
}

// exchange is one request and what answers it.
type exchange struct {
	s  *Server
	w  http.ResponseWriter
	r  *http.Request
	in Request
}

// goodText is what a good answer would say.
func (x *exchange) goodText() string { return x.s.answerOf(x.r.Context(), x.in.Seen) }

// Status answers with a status and an error in OpenAI's form. header lists names and values in turn.
func Status(status int, code, message string, header ...string) Manner {
	return Manner{Name: "status " + strconv.Itoa(status) + " " + code, play: func(x *exchange) {
		for i := 0; i+1 < len(header); i += 2 {
			x.w.Header().Set(header[i], header[i+1])
		}
		fail(x.w, refusal{status: status, kind: "server_error", code: code, message: message})
	}}
}

// Raw answers with any bytes.
func Raw(status int, contentType, body string) Manner {
	return Manner{Name: "raw", play: func(x *exchange) {
		x.w.Header().Set("Content-Type", contentType)
		x.w.WriteHeader(status)
		_, _ = x.w.Write([]byte(body))
	}}
}

// Say lets the model say something, with a reason why it ended.
func Say(text, finish string) Manner {
	return Manner{Name: "say", play: func(x *exchange) { writeJSON(x.w, http.StatusOK, completionOf(x.in, text, finish)) }}
}

// Around lets the model write something before and after its answer.
func Around(before, after string) Manner {
	return Manner{Name: "around", play: func(x *exchange) {
		writeJSON(x.w, http.StatusOK, completionOf(x.in, before+x.goodText()+after, "stop"))
	}}
}

// HTML answers as a proxy in front of a server does.
func HTML(status int) Manner {
	m := Raw(status, "text/html", "<!doctype html><html><body><h1>"+http.StatusText(status)+"</h1></body></html>")
	m.Name = "html"
	return m
}

// Hang never answers.
func Hang() Manner { return Manner{Name: "hang", play: func(x *exchange) { x.wait(time.Hour) }} }

// wait reports whether the client is still there after a while.
func (x *exchange) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.r.Context().Done():
	case <-x.s.gone:
	}
	return false
}

// Drip answers byte by byte, too slowly to end.
func Drip() Manner {
	return Manner{Name: "drip", play: func(x *exchange) {
		x.w.Header().Set("Content-Type", "application/json")
		const pieces = 100000 // of 2 ms each: longer than anybody waits
		for range pieces {
			if _, err := x.w.Write([]byte(" ")); err != nil {
				return
			}
			if http.NewResponseController(x.w).Flush() != nil || !x.wait(2*time.Millisecond) {
				return
			}
		}
	}}
}

// Reset breaks the connection before an answer.
func Reset() Manner {
	return Manner{Name: "reset", play: func(x *exchange) {
		if c, ok := x.takeConnection(); ok {
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = c.Close()
		}
	}}
}

// Cut breaks the connection in the middle of an answer.
func Cut() Manner {
	return Manner{Name: "cut", play: func(x *exchange) {
		if c, ok := x.takeConnection(); ok {
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
				"5000\r\n\r\n{\"id\":\"chatcmpl-fake\",\"choices\":[{\"ind"))
			_ = c.Close()
		}
	}}
}

func (x *exchange) takeConnection() (net.Conn, bool) {
	c, _, err := http.NewResponseController(x.w).Hijack()
	return c, err == nil
}

// Huge answers with more bytes than anybody wants.
func Huge() Manner {
	return Manner{Name: "huge", play: func(x *exchange) {
		x.w.Header().Set("Content-Type", "application/json")
		_, _ = x.w.Write([]byte(`{"choices":[{"message":{"content":"`))
		const chunks = 1 << 10 // together 64 MiB
		chunk := bytes.Repeat([]byte("x"), 64<<10)
		for range chunks {
			if _, err := x.w.Write(chunk); err != nil {
				return
			}
		}
	}}
}

// GzipBomb answers with a few bytes that unpack to very many.
func GzipBomb() Manner {
	return Manner{Name: "gzip bomb", play: func(x *exchange) {
		x.w.Header().Set("Content-Type", "application/json")
		x.w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(x.w)
		_, _ = z.Write([]byte(`{"choices":[{"message":{"content":"`))
		const (
			chunks    = 32 // together 16 MiB
			chunkSize = 1 << 19
		)

		chunk := bytes.Repeat([]byte("x"), chunkSize)
		for range chunks {
			if _, err := z.Write(chunk); err != nil {
				return
			}
			if z.Flush() != nil || http.NewResponseController(x.w).Flush() != nil {
				return // the client is gone
			}
		}

		_ = z.Close()
	}}
}

// NoChoices answers without any choice.
func NoChoices() Manner {
	return Manner{Name: "no choices", play: func(x *exchange) {
		a := completionOf(x.in, "", "stop")
		a["choices"] = []any{}
		writeJSON(x.w, http.StatusOK, a)
	}}
}

// NullContent answers with null.
func NullContent() Manner {
	return Manner{Name: "null content", play: func(x *exchange) {
		writeJSON(x.w, http.StatusOK, answerWith(x.in, map[string]any{"role": "assistant", "content": nil}, "stop", 0))
	}}
}

// Refuse lets the model refuse, in the field for this.
func Refuse() Manner {
	return Manner{Name: "refusal", play: func(x *exchange) {
		writeJSON(x.w, http.StatusOK, answerWith(x.in, map[string]any{"role": "assistant", "content": nil,
			"refusal": "I'm sorry, I can't assist with that."}, "stop", 10))
	}}
}

// ToolCalls calls a tool that nobody offered.
func ToolCalls() Manner {
	return Manner{Name: "tool calls", play: func(x *exchange) {
		call := map[string]any{"id": "call_1", "type": "function", "function": map[string]any{"name": "send_mail", "arguments": `{"to":"all"}`}}
		writeJSON(x.w, http.StatusOK, answerWith(x.in, map[string]any{"role": "assistant", "content": nil, "tool_calls": []any{call}},
			"tool_calls", 10))
	}}
}

// WrongType returns a good answer that calls itself plain text.
func WrongType() Manner {
	return Manner{Name: "wrong content type", play: func(x *exchange) {
		writeAs(x.w, "text/plain; charset=iso-8859-1", http.StatusOK, completionOf(x.in, x.goodText(), "stop"))
	}}
}

// Stream answers with events though none were asked for. Without whole, the stream ends before its end mark.
func Stream(whole bool) Manner {
	return Manner{Name: "stream", play: func(x *exchange) { writeStream(x.w, modelOf(x.in), x.goodText(), whole) }}
}

// Redirect sends the client elsewhere.
func Redirect(status int, to string) Manner {
	return Manner{Name: "redirect", play: func(x *exchange) { http.Redirect(x.w, x.r, to, status) }}
}
