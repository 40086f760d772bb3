package message

import (
	"bytes"
	"fmt"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"parley/channels/markdown"
)

// This file renders an agent's answer and signature, which are Markdown, as the HTML and the plain text of a mail. The
// Markdown "Dear **Ann**" and the signature "Acme" become
//
//	<p>Dear <strong>Ann</strong></p> <div>-- <br> <p>Acme</p> </div>
//
// and, as plain text, "Dear *Ann*", then "-- " and "Acme" on lines of their own.

// NewRenderer returns a Markdown renderer for mails. It keeps line breaks. It escapes HTML in the Markdown: an agent who
// writes "use <b>" means these characters, and the quoted text of a customer must not become active.
func NewRenderer() goldmark.Markdown {
	return markdown.New(goldmark.WithRendererOptions(
		html.WithHardWraps(),
		renderer.WithNodeRenderers(util.Prioritized(rawHTML{}, 100)),
	))
}

// rawHTML renders inline HTML as literal text, where goldmark would drop it. Only <br> stays a line break, because cells
// of Markdown tables have no other.
type rawHTML struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (rawHTML) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindRawHTML, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkSkipChildren, nil
		}
		raw, isLineBreak := markdown.HTML(n.(*ast.RawHTML), source)
		if isLineBreak {
			_, _ = w.WriteString("<br>")
		} else {
			_, _ = w.Write(util.EscapeHTML(raw))
		}
		return ast.WalkSkipChildren, nil
	})
}

// mailStyle has the few styles that tables, quotes and code need to be readable. Everything else is left to the mail
// program of the recipient.
const mailStyle = "table{border-collapse:collapse}th,td{border:1px solid #bbb;padding:2px 6px}" +
	"blockquote{margin:0 0 0 4px;padding-left:10px;border-left:2px solid #bbb}pre{white-space:pre-wrap}"

// RenderHTML renders a body and its signature, which are Markdown, as an HTML document. If signatureHTML is not empty,
// it is used instead of signature; it must be sanitised. Either signature may be empty.
func RenderHTML(md goldmark.Markdown, body, signature, signatureHTML string) (string, error) {
	var out bytes.Buffer
	style := mailStyle
	if signatureHTML != "" {
		style += ".signature th,.signature td{border:0}" // signatures use tables for layout
	}

	out.WriteString("<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\">\n<style>" + style + "</style></head>\n<body>\n")
	if err := md.Convert([]byte(body), &out); err != nil {
		return "", fmt.Errorf("email: render: %w", err)
	}

	switch {
	case signatureHTML != "":
		out.WriteString("<div class=\"signature\">-- <br>\n" + signatureHTML + "\n</div>\n")
	case signature != "":
		out.WriteString("<div>-- <br>\n")
		if err := md.Convert([]byte(signature), &out); err != nil {
			return "", fmt.Errorf("email: render signature: %w", err)
		}
		out.WriteString("</div>\n")
	}

	out.WriteString("</body>\n</html>\n")
	return out.String(), nil
}

// RenderText renders a body and its signature, which may be empty, as plain text. The signature follows the line "-- ",
// by which mail programs recognise it (RFC 3676 section 4.3).
func RenderText(md goldmark.Markdown, body, signature string) string {
	out := renderPlain(md, body)
	if signature != "" {
		out += "\n\n-- \n" + renderPlain(md, signature)
	}
	return out + "\n"
}

// renderPlain renders Markdown as plain text: without escapes, and with the addresses of links.
func renderPlain(md goldmark.Markdown, source string) string {
	src := []byte(source)
	return plainText{src}.write(md.Parser().Parse(text.NewReader(src)))
}
