package openaifake

import (
	"bytes"
	"compress/gzip"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Manner is a way of misbehaving. The request was read and noted before.
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

// text is what a good answer would say.
func (x *exchange) text() string { return x.s.say(x.r.Context(), x.in.Seen) }

// Status answers with a status, an error in OpenAI's form and headers in pairs.
func Status(status int, code, message string, header ...string) Manner {
	return Manner{"status " + strconv.Itoa(status) + " " + code, func(x *exchange) {
		for i := 0; i+1 < len(header); i += 2 {
			x.w.Header().Set(header[i], header[i+1])
		}
		fail(x.w, status, "server_error", "", code, message)
	}}
}

// Raw answers with any bytes.
func Raw(status int, contentType, body string) Manner {
	return Manner{"raw", func(x *exchange) {
		x.w.Header().Set("Content-Type", contentType)
		x.w.WriteHeader(status)
		_, _ = x.w.Write([]byte(body))
	}}
}

// Say lets the model say something, with a reason why it ended.
func Say(text, finish string) Manner {
	return Manner{"say", func(x *exchange) { write(x.w, http.StatusOK, completion(x.in, text, finish)) }}
}

// Around lets the model write something around its answer.
func Around(before, after string) Manner {
	return Manner{"around", func(x *exchange) { write(x.w, http.StatusOK, completion(x.in, before+x.text()+after, "stop")) }}
}

// HTML answers as a proxy in front of a server does.
func HTML(status int) Manner {
	m := Raw(status, "text/html", "<!doctype html><html><body><h1>"+http.StatusText(status)+"</h1></body></html>")
	m.Name = "html"
	return m
}

// Hang never answers.
func Hang() Manner { return Manner{"hang", func(x *exchange) { x.wait(time.Hour) }} }

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
	return Manner{"drip", func(x *exchange) {
		x.w.Header().Set("Content-Type", "application/json")
		for range 100000 {
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
	return Manner{"reset", func(x *exchange) {
		if c, ok := x.hijack(); ok {
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = c.Close()
		}
	}}
}

// Cut breaks the connection in the middle of an answer.
func Cut() Manner {
	return Manner{"cut", func(x *exchange) {
		if c, ok := x.hijack(); ok {
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
				"5000\r\n\r\n{\"id\":\"chatcmpl-fake\",\"choices\":[{\"ind"))
			_ = c.Close()
		}
	}}
}

func (x *exchange) hijack() (net.Conn, bool) {
	c, _, err := http.NewResponseController(x.w).Hijack()
	return c, err == nil
}

// Huge answers with more bytes than anybody wants.
func Huge() Manner {
	return Manner{"huge", func(x *exchange) {
		x.w.Header().Set("Content-Type", "application/json")
		_, _ = x.w.Write([]byte(`{"choices":[{"message":{"content":"`))
		chunk := bytes.Repeat([]byte("x"), 64<<10)
		for range 1024 {
			if _, err := x.w.Write(chunk); err != nil {
				return
			}
		}
	}}
}

// GzipBomb answers with a few bytes that unpack to very many.
func GzipBomb() Manner {
	return Manner{"gzip bomb", func(x *exchange) {
		x.w.Header().Set("Content-Type", "application/json")
		x.w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(x.w)
		_, _ = z.Write([]byte(`{"choices":[{"message":{"content":"`))
		chunk := bytes.Repeat([]byte("x"), 1<<19)
		for range 32 {
			if _, err := z.Write(chunk); err != nil || z.Flush() != nil || http.NewResponseController(x.w).Flush() != nil {
				return
			}
		}
		_ = z.Close()
	}}
}

// NoChoices answers without any choice.
func NoChoices() Manner {
	return Manner{"no choices", func(x *exchange) {
		a := completion(x.in, "", "stop")
		a["choices"] = []any{}
		write(x.w, http.StatusOK, a)
	}}
}

// NullContent answers with null.
func NullContent() Manner {
	return Manner{"null content", func(x *exchange) {
		write(x.w, http.StatusOK, answerWith(x.in, map[string]any{"role": "assistant", "content": nil}, "stop", 0))
	}}
}

// Refuse lets the model refuse, in the field for this.
func Refuse() Manner {
	return Manner{"refusal", func(x *exchange) {
		write(x.w, http.StatusOK, answerWith(x.in, map[string]any{"role": "assistant", "content": nil,
			"refusal": "I'm sorry, I can't assist with that."}, "stop", 10))
	}}
}

// ToolCalls calls a tool that nobody offered.
func ToolCalls() Manner {
	return Manner{"tool calls", func(x *exchange) {
		call := map[string]any{"id": "call_1", "type": "function", "function": map[string]any{"name": "send_mail", "arguments": `{"to":"all"}`}}
		write(x.w, http.StatusOK, answerWith(x.in, map[string]any{"role": "assistant", "content": nil, "tool_calls": []any{call}},
			"tool_calls", 10))
	}}
}

// WrongType gives a good answer that calls itself plain text.
func WrongType() Manner {
	return Manner{"wrong content type", func(x *exchange) {
		rec := &recorder{header: http.Header{}}
		write(rec, http.StatusOK, completion(x.in, x.text(), "stop"))
		x.w.Header().Set("Content-Type", "text/plain; charset=iso-8859-1")
		_, _ = x.w.Write(rec.Bytes())
	}}
}

// recorder keeps what is written.
type recorder struct {
	bytes.Buffer
	header http.Header
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(int) {}

// Stream answers with events though none were asked for; whole = the stream has its end.
func Stream(whole bool) Manner {
	return Manner{"stream", func(x *exchange) { stream(x.w, modelOf(x.in), x.text(), whole) }}
}

// Redirect sends the client elsewhere.
func Redirect(status int, to string) Manner {
	return Manner{"redirect", func(x *exchange) { http.Redirect(x.w, x.r, to, status) }}
}
