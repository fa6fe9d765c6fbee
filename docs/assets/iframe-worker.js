// Searching runs in a worker, which browsers do not allow to pages from the file system: a hidden frame stands in for it.
class IFrameWorker extends EventTarget {
  constructor(url) {
    super()
    const frame = document.createElement("iframe")
    frame.hidden = true
    document.body.append(frame)
    this.frame = frame.contentWindow
    this.frame.document.open()
    this.frame.document.write(`<script>
      self.postMessage = data => parent.dispatchEvent(new MessageEvent("message", { data, source: self }))
      self.importScripts = (...urls) => urls.reduce((before, url) => before.then(() => new Promise((done, fail) => {
        const script = document.createElement("script")
        Object.assign(script, { src: url, onload: done, onerror: fail })
        document.body.append(script)
      })), Promise.resolve())
    </script><body><script src="${encodeURI(decodeURI(url))}"></script>`)
    this.loaded = new Promise(done => this.frame.addEventListener("load", done, { once: true }))
    this.frame.document.close()
    addEventListener("message", event => {
      if (event.source === this.frame) this.dispatchEvent(new MessageEvent("message", { data: event.data }))
    })
  }

  postMessage(data) {
    this.loaded.then(() => this.frame.dispatchEvent(new MessageEvent("message", { data })))
  }
}

if (location.protocol === "file:") {
  window.IFrameWorker = IFrameWorker
  window.Worker = IFrameWorker
}
