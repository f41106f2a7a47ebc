;;; deep-review.el --- Several agents review your branch  -*- lexical-binding: t -*-

;; Copyright (C) 2026 the deep-review developers

;; Author: the deep-review developers
;; URL: https://github.com/deep-review/deep-review
;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1") (transient "0.3.7"))
;; Keywords: tools, vc
;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; Several AI agents review the current branch at once.  Their merged
;; findings are diagnostics of eglot or lsp-mode, whichever runs, and
;; their fixes are its code actions.  This package starts the server
;; (`deep-review-setup-eglot', `deep-review-setup-lsp') and adds what
;; the protocol has no words for: reviews, the list of findings,
;; explanations, dismissing, the report.  `deep-review-menu' has it all.

;;; Code:

(require 'cl-lib)
(require 'outline)
(require 'seq)
(require 'subr-x)
(require 'tabulated-list)
(require 'transient)
(require 'url-util)

(declare-function eglot-current-server "ext:eglot" ())
(declare-function jsonrpc-request "jsonrpc" (connection method params &rest args))
(declare-function jsonrpc-async-request "jsonrpc" (connection method params &rest args))
(declare-function lsp-request-async "ext:lsp-mode" (method params callback &rest args))
(declare-function lsp-workspaces "ext:lsp-mode" ())
(declare-function lsp-register-client "ext:lsp-mode" (client))
(declare-function lsp-stdio-connection "ext:lsp-mode" (command &optional test))
(declare-function make-lsp-client "ext:lsp-mode" (&rest args))
(defvar eglot-server-programs)

(defgroup deep-review nil
  "Several agents review the current branch."
  :group 'tools
  :prefix "deep-review-")

(defcustom deep-review-command '("deep-review" "lsp")
  "The command line of the server."
  :type '(repeat string))

(defcustom deep-review-order 'place
  "How `deep-review-next' and `deep-review-previous' go."
  :type '(choice (const :tag "By file and line" place)
                 (const :tag "The gravest first" severity)))

(defface deep-review-critical '((t :inherit error))
  "Face of critical findings.")
(defface deep-review-important '((t :inherit warning))
  "Face of important findings.")
(defface deep-review-suggestion '((t :inherit success))
  "Face of suggestions.")
(defface deep-review-closed '((t :inherit shadow))
  "Face of findings that are fixed, dismissed or outdated.")

(defvar deep-review--running nil
  "Roots of the repositories in which a review was seen to run.")

(defvar deep-review--awaited nil
  "By root: the id of what was there when a review was asked for.
By it the end of one is known that was over before it was seen to run.")

;;; The server

;;;###autoload
(defun deep-review-setup-eglot (&rest modes)
  "Have eglot start the server in MODES; in `prog-mode' where none is named."
  (require 'eglot)
  (dolist (mode (or modes '(prog-mode)))
    (add-to-list 'eglot-server-programs (cons mode deep-review-command)))
  (cl-defmethod eglot-handle-notification
    (_server (_method (eql deepReview/roundChanged)) &rest _)
    "The findings are not what they were."
    (deep-review--changed)))

;;;###autoload
(defun deep-review-setup-lsp ()
  "Have lsp-mode start the server beside the ones of the language."
  (require 'lsp-mode)
  (let ((handlers (make-hash-table :test #'equal)))
    (puthash "deepReview/roundChanged" (lambda (&rest _) (deep-review--changed)) handlers)
    (lsp-register-client
     (make-lsp-client :new-connection (lsp-stdio-connection deep-review-command)
                      :notification-handlers handlers
                      :activation-fn (lambda (&rest _) t)
                      :add-on? t
                      :server-id 'deep-review))))

(defun deep-review--plist (value)
  "VALUE of either client as plists, lists and atoms."
  (cond ((hash-table-p value)
         (let (found)
           (maphash (lambda (key of)
                      (setq found (nconc (list (intern (concat ":" key)) (deep-review--plist of)) found)))
                    value)
           found))
        ((vectorp value) (mapcar #'deep-review--plist value))
        ((and (consp value) (keywordp (car value)))
         (cl-loop for (key of) on value by #'cddr
                  nconc (list key (deep-review--plist of))))
        ((consp value) (mapcar #'deep-review--plist value))
        ((memq value '(:json-false :json-null)) nil)
        (t value)))

(defun deep-review--client ()
  "The client of this buffer with the server: `eglot' or `lsp'."
  (cond ((and (featurep 'eglot) (eglot-current-server)) 'eglot)
        ((and (featurep 'lsp-mode) (lsp-workspaces)) 'lsp)
        (t (user-error "No deep-review server runs for this buffer; start eglot or lsp-mode in it"))))

(defun deep-review--params (plist)
  "PLIST as the client of this buffer sends it."
  (if (eq (deep-review--client) 'eglot)
      (or plist (make-hash-table))
    (let ((table (make-hash-table :test #'equal)))
      (cl-loop for (key of) on plist by #'cddr
               do (puthash (substring (symbol-name key) 1) of table))
      table)))

(defun deep-review--request (method &optional plist)
  "Ask the server METHOD with PLIST; an error of its is one of the user's."
  (deep-review--ask method (deep-review--params plist)))

(defun deep-review--ask (method params)
  "Ask the server METHOD with PARAMS of its client."
  (condition-case trouble
      (deep-review--plist
       (if (eq (deep-review--client) 'eglot)
           (jsonrpc-request (eglot-current-server) (intern (concat ":" method)) params :timeout 60)
         (deep-review--wait-lsp method params)))
    (error
     (let ((said (alist-get 'jsonrpc-error-message (cdr trouble))))
       (user-error "Deep-review: %s" (or said (error-message-string trouble)))))))

(defun deep-review--wait-lsp (method params)
  "Ask METHOD with PARAMS by lsp-mode, and give the answer.
Not by `lsp-request': it leaves the filter of the process by a throw when
the answer is there, and what came in with it, behind it, is lost."
  (let ((end (+ (float-time) 60)) answered answer trouble)
    (lsp-request-async method params
                       (lambda (it) (setq answered t answer it))
                       :error-handler (lambda (it) (setq answered t trouble it))
                       :mode 'detached)
    (while (not (or answered (> (float-time) end)))
      (accept-process-output nil 0.05))
    (cond (trouble (error "%s" (plist-get (deep-review--plist trouble) :message)))
          ((not answered) (error "The server has not answered for 60 seconds"))
          (t answer))))

(defun deep-review--ask-later (method plist done)
  "Ask the server METHOD with PLIST, and call DONE with its answer.
One that waits may be under way: another must not wait inside of it."
  (let ((params (deep-review--params plist))
        (answer (lambda (it) (funcall done (deep-review--plist it)))))
    (if (eq (deep-review--client) 'eglot)
        (jsonrpc-async-request (eglot-current-server) (intern (concat ":" method)) params
                               :success-fn answer :error-fn #'ignore :timeout-fn #'ignore)
      (lsp-request-async method params answer :error-handler #'ignore :mode 'detached))))

(defun deep-review--execute (command &optional plist)
  "Run the server's COMMAND with PLIST."
  (let ((name (concat "deepReview." command))
        (argument (deep-review--params plist)))
    (deep-review--ask "workspace/executeCommand"
                      (if (eq (deep-review--client) 'eglot)
                          (list :command name :arguments (vector argument))
                        (deep-review--params (list :command name :arguments (vector argument)))))))

(defun deep-review--repositories ()
  "What is known of every repository."
  (plist-get (deep-review--request "deepReview/findings") :repositories))

(defun deep-review--findings ()
  "The findings, each with the :root of its repository."
  (deep-review--of (deep-review--request "deepReview/findings")))

(defun deep-review--of (answer)
  "The findings of an ANSWER, each with the :root of its repository."
  (cl-loop for repository in (plist-get answer :repositories)
           nconc (mapcar (lambda (finding)
                           (append (list :root (plist-get repository :root)) finding))
                         (plist-get repository :findings))))

(defun deep-review--is (state)
  "A test for findings of STATE."
  (lambda (finding) (equal (plist-get finding :state) state)))

(defun deep-review--open ()
  "The findings that are open."
  (seq-filter (deep-review--is "open") (deep-review--findings)))

;;; What is told

(defun deep-review--agents-of (finding)
  "The names of the agents of FINDING."
  (mapconcat (lambda (agent) (plist-get agent :label)) (plist-get finding :agents) ", "))

(defun deep-review--changed ()
  "Take in that the findings are not what they were, after the message."
  (run-at-time 0 nil #'deep-review--follow))

(defun deep-review--server-buffer ()
  "A buffer with the server, if there is one."
  (seq-find (lambda (buffer)
              (with-current-buffer buffer
                (and buffer-file-name
                     (ignore-errors (deep-review--client)))))
            (buffer-list)))

(defvar deep-review--asked 0
  "How often it was asked what there is.")

(defvar deep-review--taken 0
  "Which of the answers is the newest that was taken in.")

(defun deep-review--follow ()
  "Show anew what is shown, and say when a review began or is over."
  (when-let ((buffer (deep-review--server-buffer)))
    (with-current-buffer buffer
      (let ((number (cl-incf deep-review--asked)))
        (deep-review--ask-later
         "deepReview/findings" nil
         (lambda (answer)
           ;; Answers may overtake each other: an older one says what is not so any more.
           (when (> number deep-review--taken)
             (setq deep-review--taken number)
             (deep-review--take answer))))))))

(defun deep-review--round (repository)
  "The id of the newest round of REPOSITORY, empty where there is none."
  (or (plist-get (plist-get repository :round) :id) ""))

(defun deep-review--is-over (repository)
  "Whether a review of REPOSITORY is over whose end was not told."
  (let* ((root (plist-get repository :root))
         (before (alist-get root deep-review--awaited nil nil #'equal)))
    (and (not (plist-get repository :running))
         (or (member root deep-review--running)
             (and before (not (equal (deep-review--round repository) before)))))))

(defun deep-review--take (answer)
  "Take in the newest ANSWER to what there is."
  (dolist (repository (plist-get answer :repositories))
    (let ((root (plist-get repository :root)))
      (cond ((and (plist-get repository :running) (not (member root deep-review--running)))
             (push root deep-review--running)
             (message "Deep-review: reviewing %s" (plist-get repository :name)))
            ((deep-review--is-over repository)
             (setq deep-review--running (delete root deep-review--running))
             (setf (alist-get root deep-review--awaited nil t #'equal) nil)
             (message "Deep-review: %s" (deep-review--sum repository))))))
  (let ((rows (mapcar #'deep-review--row (deep-review--of answer))))
    (dolist (shown (buffer-list))
      (with-current-buffer shown
        (when (derived-mode-p 'deep-review-list-mode)
          (setq tabulated-list-entries rows)
          (tabulated-list-print t))))))

(defun deep-review--sum (repository)
  "What came of the newest round of REPOSITORY, in a line."
  (let* ((round (plist-get repository :round))
         (open (seq-filter (deep-review--is "open") (plist-get repository :findings)))
         (count (lambda (severity)
                  (seq-count (lambda (it) (equal (plist-get it :severity) severity)) open)))
         (failed (seq-filter (deep-review--is "failed") (plist-get repository :agents))))
    (format "round %s: %d critical, %d important, %d suggestions%s (%s)%s"
            (plist-get round :number) (funcall count "critical") (funcall count "important")
            (funcall count "suggestion")
            (if-let ((hidden (plist-get repository :hidden))) (concat "; " hidden) "")
            (plist-get round :verdict)
            (if failed
                (concat "; incomplete: "
                        (mapconcat (lambda (agent)
                                     (format "%s (%s)" (plist-get agent :label) (plist-get agent :message)))
                                   failed ", "))
              ""))))

;;; Which finding is meant

(defun deep-review--file (finding)
  "The file that FINDING is in, if it is in one."
  (when-let ((uri (plist-get finding :uri)))
    (url-unhex-string (replace-regexp-in-string "\\`file://" "" uri) t)))

(defun deep-review--line (finding &optional end)
  "The line (from 1) at which FINDING begins, or with END ends."
  (1+ (or (thread-first finding
                        (plist-get :range)
                        (plist-get (if end :end :start))
                        (plist-get :line))
          0)))

(defun deep-review--at-point (findings)
  "The first of FINDINGS that is at point."
  (let ((line (line-number-at-pos)))
    (seq-find (lambda (finding)
                (and buffer-file-name
                     (equal (deep-review--file finding) (file-truename buffer-file-name))
                     (<= (deep-review--line finding) line (deep-review--line finding t))))
              findings)))

(defun deep-review--label (finding)
  "FINDING in a line."
  (format "%s %s (%s)" (plist-get finding :label) (plist-get finding :title)
          (deep-review--agents-of finding)))

(defun deep-review--meant (prompt findings)
  "The one of FINDINGS that is meant: in the list, at point, or after PROMPT."
  (cond ((derived-mode-p 'deep-review-list-mode) (tabulated-list-get-id))
        ((null findings) (user-error "No finding fits"))
        ((deep-review--at-point findings))
        (t (let ((all (mapcar (lambda (it) (cons (deep-review--label it) it)) findings)))
             (cdr (assoc (completing-read prompt all nil t) all))))))

(defun deep-review--named (finding &rest more)
  "What names FINDING in a command, and MORE."
  (append (list :id (plist-get finding :id) :root (plist-get finding :root)) more))

(defmacro deep-review--with-server (&rest body)
  "Do BODY in a buffer with the server."
  (declare (indent 0) (debug t))
  `(with-current-buffer (if (and buffer-file-name (ignore-errors (deep-review--client)))
                            (current-buffer)
                          (or (deep-review--server-buffer) (user-error "No deep-review server runs")))
     ,@body))

;;; Commands

(defun deep-review--start (options)
  "Ask for a review with OPTIONS, and note what was there before."
  (dolist (repository (plist-get (deep-review--request "deepReview/status") :repositories))
    (setf (alist-get (plist-get repository :root) deep-review--awaited nil nil #'equal)
          (deep-review--round repository)))
  (deep-review--execute "review" options))

;;;###autoload
(defun deep-review (&optional base)
  "Review the current branch; with a prefix argument against BASE, which is read."
  (interactive (list (and current-prefix-arg (read-string "Review against: "))))
  (deep-review--with-server
    (deep-review--start (and base (list :base base)))
    (message "Deep-review: asked for a review")))

(defun deep-review-uncommitted ()
  "Review what is not committed yet."
  (interactive)
  (deep-review--with-server
    (deep-review--start '(:base "HEAD" :uncommitted t))))

(defun deep-review-cancel ()
  "Cancel the review.  What was answered is kept."
  (interactive)
  (deep-review--with-server
    (let ((stopped (plist-get (deep-review--execute "cancel") :cancelled)))
      (message "Deep-review: %s" (if (eq stopped 0) "nothing is being reviewed" "cancelled")))))

(defun deep-review-apply ()
  "Apply the fix of a finding."
  (interactive)
  (let ((finding (deep-review--meant "Apply the fix of: "
                                     (seq-filter (lambda (it) (plist-get it :fixable))
                                                 (deep-review--with-server (deep-review--open))))))
    (deep-review--with-server
      (deep-review--execute "applyFix" (deep-review--named finding)))
    (message "Deep-review: the fix of %s was applied" (plist-get finding :label))))

(defun deep-review-apply-all ()
  "Apply every fix whose place is without doubt, after asking."
  (interactive)
  (deep-review--with-server
    (let* ((planned (deep-review--execute "fixAll" '(:dryRun t)))
           (count (length (plist-get planned :applied))))
      (when (y-or-n-p (format "Apply %d fixes? " count))
        (let ((done (deep-review--execute "fixAll")))
          (message "Deep-review: applied %s%s" (string-join (plist-get done :applied) ", ")
                   (if-let ((refused (plist-get done :refused)))
                       (concat "; refused " (string-join refused "; "))
                     "")))))))

(defun deep-review-dismiss (finding reason text)
  "Dismiss FINDING for a kind of REASON, in the user's own TEXT."
  (interactive
   (list (deep-review--meant "Dismiss: " (deep-review--with-server (deep-review--open)))
         (completing-read "Reason: " '("false-positive" "wont-fix" "later") nil t)
         (read-string "Why? Later rounds will know (may be empty): ")))
  (deep-review--with-server
    (deep-review--execute "dismiss" (deep-review--named finding :reason reason :text text)))
  (message "Deep-review: %s was dismissed; M-x deep-review-reopen takes it back" (plist-get finding :label)))

(defun deep-review-reopen (finding)
  "Open FINDING again, which was dismissed."
  (interactive
   (list (deep-review--meant "Reopen: "
                             (seq-filter (deep-review--is "dismissed")
                                         (deep-review--with-server (deep-review--findings))))))
  (deep-review--with-server
    (deep-review--execute "reopen" (deep-review--named finding)))
  (message "Deep-review: %s is open again" (plist-get finding :label)))

(defun deep-review-explain (finding)
  "Show FINDING whole: what it is about, by whom, how it can be fixed."
  (interactive (list (deep-review--meant "Explain: " (deep-review--with-server (deep-review--findings)))))
  (let ((text (plist-get (deep-review--with-server
                           (deep-review--request "deepReview/explain" (deep-review--named finding)))
                         :markdown)))
    (deep-review--show "*deep-review finding*"
                       (format "# %s\n\n%s · %s · %s\n\n%s\n" (plist-get finding :title)
                               (plist-get finding :label) (plist-get finding :severity)
                               (deep-review--agents-of finding) text))))

(defun deep-review--before (one other)
  "Whether finding ONE comes before OTHER, as `deep-review-order' has it."
  (let* ((grave '("critical" "important" "suggestion"))
         (rank (lambda (it) (seq-position grave (plist-get it :severity))))
         (file-one (or (deep-review--file one) ""))
         (file-other (or (deep-review--file other) "")))
    (cond ((and (eq deep-review-order 'severity)
                (/= (funcall rank one) (funcall rank other)))
           (< (funcall rank one) (funcall rank other)))
          ((string= file-one file-other) (< (deep-review--line one) (deep-review--line other)))
          (t (string< file-one file-other)))))

(defun deep-review--visit (finding)
  "Go to the place of FINDING."
  (if-let ((file (deep-review--file finding)))
      (progn
        (find-file file)
        (goto-char (point-min))
        (forward-line (1- (deep-review--line finding)))
        (back-to-indentation))
    (deep-review-report)))

(defun deep-review-next (&optional step)
  "Go to the next open finding, or STEP further, round at the end."
  (interactive "p")
  (let* ((all (sort (seq-filter #'deep-review--file (deep-review--with-server (deep-review--open)))
                    #'deep-review--before))
         (count (length all))
         (step (or step 1))
         (here (list :uri (concat "file://" (or (and buffer-file-name (file-truename buffer-file-name)) ""))
                     :severity "suggestion"
                     :range (list :start (list :line (1- (line-number-at-pos))))))
         (at (or (seq-position all here (lambda (it of) (and (equal (deep-review--file it) (deep-review--file of))
                                                             (= (deep-review--line it) (deep-review--line of)))))
                 (- (seq-count (lambda (it) (deep-review--before it here)) all)
                    (if (> step 0) 1 0)))))
    (when (zerop count) (user-error "No open finding has a place"))
    (let* ((number (mod (+ at step) count))
           (finding (nth number all)))
      (deep-review--visit finding)
      (message "%d of %d: %s" (1+ number) count (deep-review--label finding)))))

(defun deep-review-previous (&optional step)
  "Go to the previous open finding, or STEP back."
  (interactive "p")
  (deep-review-next (- (or step 1))))

(defun deep-review-import (file)
  "Take the report in FILE in as a round."
  (interactive "fImport the report: ")
  (deep-review--with-server
    (let ((done (deep-review--execute "importReport" (list :files (vector (expand-file-name file))))))
      (message "Deep-review: round %s with %s findings" (plist-get done :number) (plist-get done :findings)))))

(defun deep-review-agents ()
  "Show what each agent did in the newest round, and who could review."
  (interactive)
  (let ((lines nil))
    (deep-review--with-server
      (dolist (repository (deep-review--repositories))
        (push (format "# Newest round of %s\n\n" (plist-get repository :name)) lines)
        (dolist (agent (plist-get repository :agents))
          (push (format "- %s: %s, %d s, %d findings%s\n" (plist-get agent :label) (plist-get agent :state)
                        (/ (plist-get agent :elapsedMs) 1000) (plist-get agent :findings)
                        (if-let ((said (plist-get agent :message))) (concat ": " said) ""))
                lines)))
      (push "\n# Agents\n\n" lines)
      (dolist (agent (plist-get (deep-review--execute "agents") :agents))
        (push (format "- %s %s: %s%s\n" (if (plist-get agent :usable) "✓" "✗") (plist-get agent :label)
                      (plist-get agent :detail)
                      (if-let ((remedy (plist-get agent :remedy))) (concat "\n  " remedy) ""))
              lines)))
    (deep-review--show "*deep-review agents*" (apply #'concat (nreverse lines)))))

(defun deep-review-rounds ()
  "Choose one of the rounds of this branch, and show its report."
  (interactive)
  (let* ((rounds (mapcar (lambda (round)
                           (cons (format "Round %s · %s · %s" (plist-get round :number)
                                         (plist-get round :started) (plist-get round :verdict))
                                 (plist-get round :id)))
                         (plist-get (deep-review--with-server (deep-review--execute "rounds")) :rounds)))
         (chosen (cdr (assoc (completing-read "Round: " rounds nil t) rounds))))
    (deep-review--report (list :round chosen))))

;;; Documents

(defvar deep-review-document-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'deep-review-visit-place)
    (define-key map (kbd "TAB") #'outline-toggle-children)
    map)
  "Keys of `deep-review-document-mode'.")

(define-derived-mode deep-review-document-mode special-mode "Deep-Review"
  "A report, or another text of deep-review.  Its sections fold."
  (setq-local outline-regexp "#+ ")
  (outline-minor-mode 1))

(defun deep-review--show (name text)
  "Show TEXT in the buffer NAME."
  (let ((root (deep-review--with-server default-directory)))
    (with-current-buffer (get-buffer-create name)
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert text))
      (deep-review-document-mode)
      (setq default-directory (or (locate-dominating-file root ".git") root))
      (goto-char (point-min)))
    (pop-to-buffer name)))

(defun deep-review-visit-place ()
  "Go to the place under the cursor: \"src/pool.py:15\"."
  (interactive)
  (save-excursion
    (skip-chars-backward "^ \t\n`[(")
    (unless (looking-at "\\([^][ \t\n`():]+\\):\\([0-9]+\\)")
      (user-error "There is no place here")))
  (let ((file (expand-file-name (match-string 1)))
        (line (string-to-number (match-string 2))))
    (unless (file-exists-p file) (user-error "There is no %s" file))
    (find-file-other-window file)
    (goto-char (point-min))
    (forward-line (1- line))))

(defun deep-review--report (plist)
  "Show the report that PLIST names."
  (deep-review--show
   "*deep-review report*"
   (plist-get (deep-review--with-server
                (deep-review--execute "showReport" (append '(:format "markdown") plist)))
              :text)))

(defun deep-review-report ()
  "Show the report of the newest round."
  (interactive)
  (deep-review--report nil))

;;; The list

(defvar deep-review-list-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'deep-review-list-visit)
    (define-key map "a" #'deep-review-apply)
    (define-key map "d" #'deep-review-dismiss)
    (define-key map "o" #'deep-review-reopen)
    (define-key map "x" #'deep-review-explain)
    (define-key map "?" #'deep-review-menu)
    map)
  "Keys of `deep-review-list-mode'.")

(define-derived-mode deep-review-list-mode tabulated-list-mode "Deep-Review-List"
  "The findings of the newest round."
  (setq tabulated-list-format [("" 4 t) ("Severity" 11 t) ("State" 10 t) ("Place" 26 t) ("Finding" 60 t) ("Agents" 0 t)]
        tabulated-list-padding 1)
  (tabulated-list-init-header)
  (add-hook 'tabulated-list-revert-hook #'deep-review--list-fill nil t))

(defun deep-review--list-fill ()
  "Fill the list anew."
  (setq tabulated-list-entries
        (mapcar #'deep-review--row (deep-review--with-server (deep-review--findings)))))

(defun deep-review--row (finding)
  "FINDING as a row of the list."
  (let* ((state (plist-get finding :state))
         (severity (plist-get finding :severity))
         (face (if (equal state "open") (intern (concat "deep-review-" severity)) 'deep-review-closed))
         (place (if-let ((path (plist-get finding :path)))
                    (format "%s:%d" path (deep-review--line finding))
                  "the whole branch")))
    (list finding
          (vector (plist-get finding :label) (propertize severity 'face face) state place
                  (propertize (plist-get finding :title) 'face (if (equal state "open") 'default face))
                  (deep-review--agents-of finding)))))

(defun deep-review-list-visit ()
  "Go to the finding of this row."
  (interactive)
  (deep-review--visit (or (tabulated-list-get-id) (user-error "There is no finding here"))))

;;;###autoload
(defun deep-review-list ()
  "List the findings of the newest round."
  (interactive)
  (let ((rows (mapcar #'deep-review--row (deep-review--with-server (deep-review--findings)))))
    (with-current-buffer (get-buffer-create "*deep-review*")
      (deep-review-list-mode)
      (setq tabulated-list-entries rows)
      (tabulated-list-print t))
    (pop-to-buffer "*deep-review*")))

;;;###autoload (autoload 'deep-review-menu "deep-review" nil t)
(transient-define-prefix deep-review-menu ()
  "What can be done with a review."
  [["Review"
    ("r" "this branch" deep-review)
    ("u" "what is not committed" deep-review-uncommitted)
    ("c" "cancel" deep-review-cancel)
    ("g" "agents" deep-review-agents)]
   ["Finding"
    ("n" "next" deep-review-next)
    ("p" "previous" deep-review-previous)
    ("x" "explain" deep-review-explain)
    ("a" "apply its fix" deep-review-apply)
    ("A" "apply all fixes" deep-review-apply-all)
    ("d" "dismiss" deep-review-dismiss)
    ("o" "reopen" deep-review-reopen)]
   ["Show"
    ("l" "list" deep-review-list)
    ("t" "report" deep-review-report)
    ("h" "rounds" deep-review-rounds)
    ("i" "import a report" deep-review-import)]])

(provide 'deep-review)
;;; deep-review.el ends here
