package bodytext

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

// NewRenderer returns the renderer of canonical Markdown for mail. HTML in it is text: an agent who writes
// "use <b>" means these characters, and quoted text of a customer must not become active. Line breaks are kept.
func NewRenderer() goldmark.Markdown {
	return markdown.New(goldmark.WithRendererOptions(
		html.WithHardWraps(),
		renderer.WithNodeRenderers(util.Prioritized(rawHTML{}, 100)),
	))
}

// rawHTML prints inline HTML as the characters it is made of; goldmark would leave it
// out. Line breaks, which tables need, are kept.
type rawHTML struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (rawHTML) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindRawHTML, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkSkipChildren, nil
		}
		raw, breaks := markdown.HTML(n.(*ast.RawHTML), source)
		if breaks {
			_, _ = w.WriteString("<br>")
		} else {
			_, _ = w.Write(util.EscapeHTML(raw))
		}
		return ast.WalkSkipChildren, nil
	})
}

// mailStyle has only the styles without which a mail can't be read well. All others are the choice of the
// reader's mail program.
const mailStyle = "table{border-collapse:collapse}th,td{border:1px solid #bbb;padding:2px 6px}" +
	"blockquote{margin:0 0 0 4px;padding-left:10px;border-left:2px solid #bbb}pre{white-space:pre-wrap}"

// RenderHTML renders a body and its signature as an HTML document. If signatureHTML is not empty, it takes the
// place of signature. It must be sanitised.
func RenderHTML(md goldmark.Markdown, body, signature, signatureHTML string) (string, error) {
	var out bytes.Buffer
	style := mailStyle
	if signatureHTML != "" {
		style += ".signature th,.signature td{border:0}" // its tables place things beside each other
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

// RenderText renders a body and its signature as plain text. The signature is behind
// "-- ", which mail programs know (RFC 3676 section 4.3).
func RenderText(md goldmark.Markdown, body, signature string) string {
	out := renderPlain(md, body)
	if signature != "" {
		out += "\n\n-- \n" + renderPlain(md, signature)
	}
	return out + "\n"
}

// renderPlain renders Markdown for people who read plain text: without escapes, with the addresses of links,
// and with lists and quotes as people type them.
func renderPlain(md goldmark.Markdown, source string) string {
	src := []byte(source)
	return plainText{src}.write(md.Parser().Parse(text.NewReader(src)))
}
