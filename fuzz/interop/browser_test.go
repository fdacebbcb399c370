package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// browser starts a Chromium of its own, with nothing remembered from another
// run, and returns a context of its first tab. It ends after the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := chromium()
	if path == "" {
		missing(t, "no Chromium found: install one (Debian: apt-get install chromium), or set CHROMIUM to its path")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	with := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("headless", "new"),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(patience),
	)
	if os.Geteuid() == 0 {
		with = append(with, chromedp.NoSandbox) // which does not work as root
	}
	ctx, cancel = chromedp.NewExecAllocator(ctx, with...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		chromedp.Cancel(ctx) // waits for the browser, so that its directory can go
		cancel()
	})
	return ctx
}

// chromium returns the path of a Chromium or Chrome, or "".
func chromium() string {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// tab is one tab of a browser, showing the page of wsserve.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// open loads the page in the tab of ctx and waits until it is connected. What
// the page complains of in its console fails the test.
func open(t *testing.T, ctx context.Context, s *server) *tab {
	t.Helper()
	p := &tab{t, ctx}
	p.do(chromedp.Navigate("about:blank")) // starts the browser
	complaints := p.complaints()
	p.do(chromedp.Navigate(s.url))
	t.Cleanup(func() {
		for _, complaint := range complaints() {
			t.Errorf("the page's console says: %s", complaint)
		}
	})
	p.see(`#status[data-state=open]`)
	return p
}

// complaints collects warnings, errors and exceptions from now on, but not that
// a server is gone: to some tests that is the point, and the others notice.
func (p *tab) complaints() (soFar func() []string) {
	var mu sync.Mutex
	var list []string
	messages := chromedp.Console(p.ctx)
	go func() {
		for message, err := range messages {
			if err != nil {
				return // the tab is gone
			}
			if strings.Contains(message.Text, "ERR_CONNECTION_REFUSED") {
				continue
			}
			switch message.Type {
			case chromedp.ConsoleWarning, chromedp.ConsoleError, chromedp.ConsoleException:
				mu.Lock()
				list = append(list, fmt.Sprintf("%s: %s", message.Type, message.Text))
				mu.Unlock()
			}
		}
	}()
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return list
	}
}

// do acts on the page.
func (p *tab) do(acts ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, acts...); err != nil {
		p.t.Fatal(err)
	}
}

// see waits until each selector matches something.
func (p *tab) see(selectors ...string) {
	p.t.Helper()
	for _, selector := range selectors {
		if err := chromedp.Do(p.ctx, chromedp.WaitReady(chromedp.CSS(selector))); err != nil {
			p.t.Fatalf("waiting for %s: %v", selector, err)
		}
	}
}

// enter replaces the value of an input.
func (p *tab) enter(id, value string) {
	p.t.Helper()
	p.see(id)
	told, err := json.Marshal([]string{id, value})
	if err != nil {
		p.t.Fatal(err)
	}
	const set = `(([id, value]) => {
		const input = document.querySelector(id);
		input.value = value;
		input.dispatchEvent(new Event("input", { bubbles: true }));
		return input.value;
	})`
	if got := evaluate[string](p, fmt.Sprintf("%s(%s)", set, told)); got != value {
		p.t.Fatalf("%s takes %q as %q", id, value, got)
	}
}

// click presses a button, once it is enabled.
func (p *tab) click(id string) {
	p.t.Helper()
	p.do(chromedp.WaitEnabled(chromedp.CSS(id)), chromedp.Click(chromedp.CSS(id)))
}

// text returns the text of an element, without the space around it.
func (p *tab) text(selector string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.TextContent(chromedp.CSS(selector)))
	if err != nil {
		p.t.Fatalf("text of %s: %v", selector, err)
	}
	return strings.TrimSpace(text)
}

// value returns the data-value of an element.
func (p *tab) value(selector string) string {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.AttributeValue(chromedp.CSS(selector), "data-value"))
	if err != nil {
		p.t.Fatalf("data-value of %s: %v", selector, err)
	}
	return value.Value
}

// evaluate returns the value of a JavaScript expression.
func evaluate[T any](p *tab, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}
