package openaifake

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Fault replaces the response to a request, see Server.Misbehave. Not every Fault is an error: WrongType and Around, for
// example, are oddities of real servers that a client should tolerate.
type Fault struct {
	Name    string
	respond func(*exchange)
}

// exchange is a recorded request with its response.
type exchange struct {
	s  *Server
	w  http.ResponseWriter
	r  *http.Request
	in Request
}

// correctText returns the text that the response would have without the fault.
func (x *exchange) correctText() string { return x.s.replyTo(x.r.Context(), x.in.Seen) }

// Status responds with a status and an error in OpenAI's format. header alternates between names and values.
func Status(status int, code, message string, header ...string) Fault {
	return Fault{Name: "status " + strconv.Itoa(status) + " " + code, respond: func(x *exchange) {
		for i := 0; i+1 < len(header); i += 2 {
			x.w.Header().Set(header[i], header[i+1])
		}
		fail(x.w, refusal{status: status, kind: "server_error", code: code, message: message})
	}}
}

// Raw responds with any bytes.
func Raw(status int, contentType, body string) Fault {
	return Fault{Name: "raw", respond: func(x *exchange) {
		x.w.Header().Set("Content-Type", contentType)
		x.w.WriteHeader(status)
		_, _ = x.w.Write([]byte(body))
	}}
}

// Say responds with a text and a finish reason, such as "stop" or "length".
func Say(text, finishReason string) Fault {
	return Fault{Name: "say", respond: func(x *exchange) { writeJSON(x.w, http.StatusOK, completionOf(x.in, text, finishReason)) }}
}

// Around adds a text before and after the correct answer.
func Around(before, after string) Fault {
	return Fault{Name: "around", respond: func(x *exchange) {
		writeJSON(x.w, http.StatusOK, completionOf(x.in, before+x.correctText()+after, "stop"))
	}}
}

// HTML responds with an error page, as a proxy does.
func HTML(status int) Fault {
	m := Raw(status, "text/html", "<!doctype html><html><body><h1>"+http.StatusText(status)+"</h1></body></html>")
	m.Name = "html"
	return m
}

// Hang never responds.
func Hang() Fault { return Fault{Name: "hang", respond: func(x *exchange) { x.wait(time.Hour) }} }

// wait waits for d. It returns false at once if the client disconnects or the Server is closed.
func (x *exchange) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.r.Context().Done():
	case <-x.s.closed:
	}
	return false
}

// Drip responds with one byte every 2 ms and doesn't end within any reasonable timeout.
func Drip() Fault {
	return Fault{Name: "drip", respond: func(x *exchange) {
		x.w.Header().Set("Content-Type", "application/json")
		const bytesSent = 100_000 // takes 200 s
		for range bytesSent {
			if _, err := x.w.Write([]byte(" ")); err != nil {
				return
			}
			if http.NewResponseController(x.w).Flush() != nil || !x.wait(2*time.Millisecond) {
				return
			}
		}
	}}
}

// Reset resets the connection before the response.
func Reset() Fault {
	return Fault{Name: "reset", respond: func(x *exchange) {
		c, ok := x.hijack()
		if !ok {
			return
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // Close sends RST
		}
		_ = c.Close()
	}}
}

// Cut closes the connection in the middle of the response.
func Cut() Fault {
	return Fault{Name: "cut", respond: func(x *exchange) {
		c, ok := x.hijack()
		if !ok {
			return
		}
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n" +
			"{\"id\":\"chatcmpl-fake\",\"choices\":[{\"ind"))
		_ = c.Close()
	}}
}

func (x *exchange) hijack() (net.Conn, bool) {
	c, _, err := http.NewResponseController(x.w).Hijack()
	return c, err == nil
}

// Huge responds with 64 MiB.
func Huge() Fault {
	return Fault{Name: "huge", respond: func(x *exchange) {
		x.w.Header().Set("Content-Type", "application/json")
		_, _ = x.w.Write([]byte(`{"choices":[{"message":{"content":"`))
		const chunks = 1 << 10
		chunk := bytes.Repeat([]byte("x"), 64<<10)
		for range chunks {
			if _, err := x.w.Write(chunk); err != nil {
				return
			}
		}
	}}
}

// NoChoices responds with an empty list of choices.
func NoChoices() Fault {
	return Fault{Name: "no choices", respond: func(x *exchange) {
		completion := completionOf(x.in, "", "stop")
		completion["choices"] = []any{}
		writeJSON(x.w, http.StatusOK, completion)
	}}
}

// NullContent responds with a message whose content is null.
func NullContent() Fault {
	return Fault{Name: "null content", respond: func(x *exchange) {
		writeJSON(x.w, http.StatusOK, completionWith(x.in, map[string]any{"role": "assistant", "content": nil}, "stop", 0))
	}}
}

// Refuse responds with a refusal of the model, in the field refusal.
func Refuse() Fault {
	return Fault{Name: "refusal", respond: func(x *exchange) {
		writeJSON(x.w, http.StatusOK, completionWith(x.in, map[string]any{"role": "assistant", "content": nil,
			"refusal": "I'm sorry, I can't assist with that."}, "stop", 10))
	}}
}

// ToolCalls responds with a call of a tool that the request didn't offer.
func ToolCalls() Fault {
	return Fault{Name: "tool calls", respond: func(x *exchange) {
		function := map[string]any{"name": "send_mail", "arguments": `{"to":"all"}`}
		call := map[string]any{"id": "call_1", "type": "function", "function": function}
		message := map[string]any{"role": "assistant", "content": nil, "tool_calls": []any{call}}
		writeJSON(x.w, http.StatusOK, completionWith(x.in, message, "tool_calls", 10))
	}}
}

// Redirect redirects the client to a URL.
func Redirect(status int, to string) Fault {
	return Fault{Name: "redirect", respond: func(x *exchange) { http.Redirect(x.w, x.r, to, status) }}
}
