package settings

import (
	"bytes"
	"html/template"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"parley/bot/web"
	"parley/docs"
)

func (p pages) helpRoutes() []web.Route {
	return []web.Route{{Pattern: "GET " + web.HelpPath + "{page}", For: web.Agents, Do: showHelp}}
}

// outerLink is a link to a file that isn't part of the documentation.
var outerLink = regexp.MustCompile(`\[([^\]]+)\]\(\.\./[^)]*\)`)

// showHelp shows a page of the documentation.
func showHelp(v *web.Visit) error {
	text, err := docs.Files.ReadFile(v.Request.PathValue("page"))
	if err != nil {
		return v.NotFound()
	}
	title, body, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
	reader := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	var page bytes.Buffer
	if err := reader.Convert([]byte(outerLink.ReplaceAllString(body, "$1")), &page); err != nil {
		return err
	}
	return v.Show("help", web.Screen{Title: title, Data: template.HTML(page.String())}) //nolint:gosec // Parley's own documentation
}
