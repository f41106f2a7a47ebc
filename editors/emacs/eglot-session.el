;;; eglot-session.el --- A session in Emacs with eglot, as README.md sets it up  -*- lexical-binding: t -*-

(load (expand-file-name "support" (file-name-directory load-file-name)))
(require 'eglot)
(require 'flymake)

;; The set-up of editors/README.md, with the program under test.
(deep-review-setup-eglot 'python-mode)
(setq eglot-confirm-server-initiated-edits nil eglot-sync-connect 30)

(open-sample "src/pool.py")
(apply #'eglot (let ((eglot-server-programs (list (list 'python-mode (getenv "SERVER") "lsp"))))
                 (eglot--guess-contact)))
(flymake-mode 1)

(defun limit ()
  "The diagnostic that Claude and Codex share."
  (eglot--signal-textDocument/didChange) ; Emacs in batch mode is never idle, which is when eglot sends changes
  (flymake-start)
  (cl-find-if (lambda (it) (string-match-p "Claude.*Codex\\|appends before" (flymake-diagnostic-text it)))
              (flymake-diagnostics)))

(deep-review)
(eventually "the merged finding" #'limit)
(case-passed "a review shows findings as flymake diagnostics")
(in-the-package (buffer-file-name))

(let* ((before (buffer-string))
       (place (limit))
       (actions (eglot-code-actions (flymake-diagnostic-beg place) (flymake-diagnostic-end place) "quickfix" nil))
       (fix (cl-find-if (lambda (it) (string-match-p "Apply fix" (plist-get it :title))) actions)))
  (unless fix (error "No fix among %S" (mapcar (lambda (it) (plist-get it :title)) actions)))
  (let ((edit (or (plist-get fix :edit)
                  (plist-get (jsonrpc-request (eglot-current-server) :codeAction/resolve fix) :edit))))
    (undo-boundary)
    (eglot--apply-workspace-edit edit))
  (unless (string-match-p "if len(self.free) >= self.size" (buffer-string)) (error "Not fixed: %s" (buffer-string)))
  (case-passed "a code action applies the fix")
  (eventually "the finding is closed" (lambda () (not (limit))))
  (primitive-undo 1 (progn (while (null (car buffer-undo-list)) (pop buffer-undo-list)) buffer-undo-list))
  (unless (equal before (buffer-string)) (error "Not undone: %s" (buffer-string)))
  (eventually "the finding is back" #'limit)
  (case-passed "undo brings the finding back"))

(eglot-shutdown (eglot-current-server))
(case-passed "the server is shut down")
(finish)
