package teams

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// How an agent can meet a file in Teams.
const (
	asPicture     = "picture"
	asLink        = "link"
	asWord        = "word" // why it isn't there
	asCopyAndLink = asPicture + " " + asLink
	asCopyAndWord = asPicture + " " + asWord
)

// Whatever a customer sends, of each kind and size, the agent sees as a picture, is led to, or is told why not. A picture that had to
// be made smaller is led to as well. Links need a public address of Parley's.
//
func TestFilesOfAllKinds(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	png := func(width, height int) []byte { return encoded(t, "png", width, height) }
	jpeg := func(width, height int) []byte { return encoded(t, "jpeg", width, height) }
	for _, tt := range []struct {
		name, contentType string
		data              []byte
		met               string // how, with links
		metWithoutLinks   string // "" means likewise
	}{
		{name: "photo.png", contentType: "image/png", data: png(200, 150), met: asPicture},
		{name: "edge.png", contentType: "image/png", data: png(1024, 1024), met: asPicture},
		{name: "wide.png", contentType: "image/png", data: png(1025, 10), met: asCopyAndLink, metWithoutLinks: asCopyAndWord},
		{name: "high.png", contentType: "image/png", data: png(10, 1025), met: asCopyAndLink, metWithoutLinks: asCopyAndWord},
		{name: "screen.png", contentType: "image/png", data: png(1440, 900), met: asCopyAndLink, metWithoutLinks: asCopyAndWord},
		{name: "full.png", contentType: "image/png", data: padded(png(64, 64), maxPictureBytes), met: asPicture},
		{name: "over.png", contentType: "image/png", data: padded(png(64, 64), maxPictureBytes+1), met: asCopyAndLink, metWithoutLinks: asCopyAndWord},
		{name: "phone.jpg", contentType: "image/jpeg", data: jpeg(1600, 1200), met: asCopyAndLink, metWithoutLinks: asCopyAndWord},
		{name: "small.jpg", contentType: "image/jpeg", data: jpeg(640, 480), met: asPicture},
		{name: "heavy.jpg", contentType: "image/jpeg", data: padded(jpeg(1600, 1200), 3<<20), met: asCopyAndLink, metWithoutLinks: asCopyAndWord},
		{name: "shout.JPG", contentType: "IMAGE/JPEG", data: jpeg(640, 480), met: asPicture},
		{name: "mistaken.png", contentType: "image/png", data: jpeg(640, 480), met: asPicture},
		{name: "still.gif", contentType: "image/gif", data: encoded(t, "gif", 40, 30), met: asCopyAndLink, metWithoutLinks: asCopyAndWord},
		{name: "moving.gif", contentType: "image/gif", data: encoded(t, "gif2", 40, 30), met: asCopyAndLink, metWithoutLinks: asCopyAndWord},
		{name: "sticker.webp", contentType: "image/webp", data: webp(t), met: asCopyAndLink, metWithoutLinks: asCopyAndWord},
		{name: "photo.heic", contentType: "image/heic", data: []byte("\x00\x00\x00\x18ftypheic"), met: asLink, metWithoutLinks: asWord},
		{name: "drawing.svg", contentType: "image/svg+xml", data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), met: asLink, metWithoutLinks: asWord},
		{name: "broken.png", contentType: "image/png", data: []byte("no picture"), met: asLink, metWithoutLinks: asWord},
		{name: "cut.jpg", contentType: "image/jpeg", data: jpeg(1600, 1200)[:3000], met: asLink, metWithoutLinks: asWord},
		{name: "empty.png", contentType: "image/png", met: asWord},
		{name: "one.png", contentType: "image/png", data: []byte("x"), met: asLink, metWithoutLinks: asWord},
		{name: "bomb.png", contentType: "image/png", data: pngHeader(t, 30000, 30000), met: asLink, metWithoutLinks: asWord},
		{name: "plan.pdf", contentType: "application/pdf", data: []byte("%PDF-1.4"), met: asLink, metWithoutLinks: asWord},
		{name: "empty.pdf", contentType: "application/pdf", met: asWord},
		{name: "one.bin", contentType: "application/octet-stream", data: []byte("x"), met: asLink, metWithoutLinks: asWord},
		{name: "film.mp4", contentType: "video/mp4", data: make([]byte, 2*maxPictureBytes), met: asLink, metWithoutLinks: asWord},
		{name: "unknown", data: []byte("?"), met: asLink, metWithoutLinks: asWord},
	} {
		f := fileWith(tt.name, tt.contentType, tt.data)
		what := fmt.Sprintf("%s (%d bytes)", tt.name, len(tt.data))
		wantEqual(t, what+" without links", w.showFile(f), cmp.Or(tt.metWithoutLinks, tt.met))
		f.Link = func() (string, error) { return "https://parley.test/files/" + tt.name, nil }
		wantEqual(t, what+" with links", w.showFile(f), tt.met)
	}
	w.wantNoProblems()
}

// showFile posts one file in the thread, and returns how agents meet it there.
func (w *world) showFile(f channels.File) string {
	w.t.Helper()
	before := len(w.fake.Thread(w.channel, w.root))
	p := w.newPost(bridge.PostFiles, f.Name)
	p.Files = []channels.File{f}
	w.mustSendAll(p)
	isPicture, isLink, isWord := false, false, false
	for i, m := range w.fake.Thread(w.channel, w.root)[before:] {
		if i == 0 && !strings.Contains(m.Text, f.Name) {
			w.t.Errorf("want the name of %s in %q", f.Name, m.Text)
		}
		isPicture = isPicture || len(m.Pictures) == 1 && m.Broken == ""
		isLink = isLink || strings.Contains(m.HTML, `href="https://parley.test/files/`+f.Name)
		isWord = isWord || strings.Contains(m.Text, "PARLEY_PUBLIC_URL") || strings.Contains(m.Text, "(0 bytes)")
	}
	var met []string
	if isPicture {
		met = append(met, asPicture)
	}
	if isWord {
		met = append(met, asWord)
	}
	if isLink {
		met = append(met, asLink)
	}
	return strings.Join(met, " ")
}

// The smaller copy of a photo keeps its shape, and which side is up.
func TestCopyOfPhoto(t *testing.T) {
	t.Parallel()
	upright := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	plain := encoded(t, "jpeg", 2000, 1000)
	photo := slices.Concat(plain[:2], upright, plain[2:])
	p, err := shrinkPicture(t.Context(), fileWith("a.jpg", "image/jpeg", photo))
	must(t, err)
	c, format, err := image.DecodeConfig(bytes.NewReader(p.data))
	must(t, err)
	wantEqual(t, "format", format, "jpeg")
	wantEqual(t, "content type", p.kind, "image/jpeg")
	wantEqual(t, "width", c.Width, 1024)
	wantEqual(t, "height", c.Height, 512)
	wantEqual(t, "it says which side is up", bytes.Contains(p.data, upright), true)
}

// A copy has no transparency: it becomes white.
func TestCopyOfTransparency(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 1100, 10))))
	p, err := shrinkPicture(t.Context(), fileWith("a.png", "image/png", b.Bytes()))
	must(t, err)
	img, _, err := image.Decode(bytes.NewReader(p.data))
	must(t, err)
	if r, g, b, _ := img.At(500, 5).RGBA(); min(r, g, b) < 0xf000 {
		t.Errorf("transparency became %x %x %x, want almost white", r, g, b)
	}
}

// Of a picture that takes too long to read no copy is made.
func TestSlowPicture(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := shrinkPicture(ctx, fileWith("a.jpg", "image/jpeg", encoded(t, "jpeg", 2000, 1000))); err == nil {
		t.Error("a copy is made after the time is over, want an error")
	}
}

// encoded returns a picture with a diagonal. The format gif2 is a GIF with two frames.
func encoded(t *testing.T, format string, width, height int) []byte {
	t.Helper()
	palette := color.Palette{color.White, color.RGBA{R: 200, A: 255}}
	img := image.NewPaletted(image.Rect(0, 0, width, height), palette)
	for x := range width {
		img.SetColorIndex(x, x*height/width, 1)
	}
	var b bytes.Buffer
	var err error
	switch format {
	case "png":
		err = png.Encode(&b, img)
	case "jpeg":
		err = jpeg.Encode(&b, img, nil)
	case "gif":
		err = gif.Encode(&b, img, nil)
	case "gif2":
		err = gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{img, img}, Delay: []int{1, 1}})
	}
	must(t, err)
	return b.Bytes()
}

// padded returns a picture with bytes behind its end, which readers of pictures pass over, so that it has a size.
func padded(data []byte, size int) []byte {
	if len(data) >= size {
		return data
	}
	return append(data, make([]byte, size-len(data))...)
}

// pngHeader returns a PNG that claims to be of another size.
func pngHeader(t *testing.T, width, height uint32) []byte {
	t.Helper()
	data := encoded(t, "png", 1, 1)
	ihdr := data[12:29]
	binary.BigEndian.PutUint32(ihdr[4:], width)
	binary.BigEndian.PutUint32(ihdr[8:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(ihdr))
	return data
}

// webp returns a WebP of one pixel.
func webp(t *testing.T) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	must(t, err)
	return data
}
