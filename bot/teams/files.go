package teams

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // what Teams shows
	_ "image/jpeg" // what Teams shows
	_ "image/png"  // what Teams shows
	"io"
	"strings"

	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// Limits of a picture in a message.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages,
// "Picture messages", read 2026-11.
const (
	pictureBytes = 1 << 20
	picturePixel = 1024
)

// shows says whether Teams shows a file as a picture, as far as its name tells.
func shows(f channels.File) bool {
	switch strings.ToLower(f.ContentType) {
	case "image/png", "image/jpeg", "image/gif":
		return f.SizeBytes > 0 && f.SizeBytes <= pictureBytes
	}
	return false
}

// sendFiles tells which files came, with links to those that Teams can't hold, in part 0,
// and shows pictures in part 1: text and pictures in one message would be split.
func (s *Surface) sendFiles(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	if p.Part > 0 {
		return s.sendPictures(ctx, service, p)
	}
	c, any := s.filesText(p)
	a, err := s.activity(ctx, content{text: &c}, p.Place.Channel)
	if err != nil {
		return bridge.Sent{}, s.certain(err, p)
	}
	sent, err := s.post(ctx, service, p.Place, a)
	sent.More = any
	return sent, err
}

// filesText is the message above pictures; it says whether there are any.
func (s *Surface) filesText(p bridge.Post) (card.Message, bool) {
	from := p.Facts.Contact
	if p.Said != nil {
		from = p.Said.From
	}
	var names []string
	pictures := false
	for _, f := range p.Files {
		name := f.Name
		if f.SizeBytes == 0 {
			name += " (0 bytes)"
		}
		names, pictures = append(names, name), pictures || shows(f)
	}
	c := view.Files(from, names, p.Missing)
	for _, f := range p.Files {
		if !shows(f) && f.SizeBytes > 0 {
			c.Blocks = append(c.Blocks, fileLine(f))
		}
	}
	return card.Messages(c, p.Facts.ChannelIcon, s.home())[0], pictures
}

// fileLine leads to a file, or says why nothing does.
func fileLine(f channels.File) view.Block {
	words := func(text string) view.Block {
		return view.Block{Kind: view.BlockSmall, Pieces: []view.Piece{{Kind: view.PieceText, Text: text}}}
	}
	if f.Link == nil {
		return words(f.Name + " can't be shown here: this Parley has no public address. An admin can set PARLEY_PUBLIC_URL.")
	}
	address, err := f.Link()
	if err != nil {
		text := "there is no link to it"
		var se *channels.SendError
		if errors.As(err, &se) {
			text = se.Text
		}
		return words(f.Name + " can't be shown here: " + text)
	}
	return view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceLink, Text: "Download " + f.Name, URL: address}}}
}

// sendPictures shows pictures. One that turns out to be none, or too large for Teams, is
// left out: its name stands in the message above.
func (s *Surface) sendPictures(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	a := connector.Activity{Type: connector.TypeMessage, AttachmentLayout: "list"}
	for _, f := range p.Files {
		if !shows(f) {
			continue
		}
		data, err := readPicture(ctx, f)
		if err != nil {
			return bridge.Sent{}, s.certain(err, p)
		}
		kind, ok := drawable(data)
		if !ok {
			s.log.Info("teams shows no such picture", "bytes", len(data))
			continue
		}
		a.Attachments = append(a.Attachments, connector.Attachment{
			ContentType: kind, Name: f.Name, ContentURL: "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data),
		})
	}
	if len(a.Attachments) == 0 {
		return bridge.Sent{Thread: p.Place.Thread}, nil
	}
	return s.post(ctx, service, p.Place, a)
}

func readPicture(ctx context.Context, f channels.File) ([]byte, error) {
	r, err := f.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("teams: open file: %w", err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, pictureBytes+1))
	if err != nil {
		return nil, fmt.Errorf("teams: read file: %w", err)
	}
	return data, nil
}

// drawable tells what a picture is by its bytes, and whether Teams shows it.
func drawable(data []byte) (kind string, ok bool) {
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || len(data) > pictureBytes || c.Width > picturePixel || c.Height > picturePixel {
		return "", false
	}
	return "image/" + format, true
}

// wantedFiles tells a part of a post of files from other messages of ours: its text, or
// pictures without a word, of which no others are under way.
func (s *Surface) wantedFiles(p bridge.Post) (is func(*graph.Message) bool, more bool) {
	if text, pictures := s.filesText(p); p.Part == 0 {
		return like(text), pictures
	}
	return func(m *graph.Message) bool {
		return plain(m.Body.Content) == "" && (len(m.Attachments) > 0 || strings.Contains(m.Body.Content, "<img"))
	}, false
}
