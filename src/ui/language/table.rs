//! The page's text in both languages. The terms are those of *Dive into Deep Learning* and of its Chinese edition.

/// Words looked up by the key of a setting, or by one of its values.
pub type List = &'static [(&'static str, &'static str)];

/// Defines `Words`, `ENGLISH` and `CHINESE` from lists and entries of the form `name: "English", "中文";`.
macro_rules! words {
    (
        $($list:ident { $($key:literal: $english_of_key:literal, $chinese_of_key:literal;)* })*
        ---
        $($name:ident: $english:literal, $chinese:literal;)*
    ) => {
        /// All text of the page in one language. [`super::fill`] replaces `{0}`, `{1}` and so on.
        #[derive(Debug)]
        pub struct Words { $(pub $list: List,)* $(pub $name: &'static str,)* }

        pub static ENGLISH: Words = Words { $($list: &[$(($key, $english_of_key)),*],)* $($name: $english,)* };

        pub static CHINESE: Words = Words { $($list: &[$(($key, $chinese_of_key)),*],)* $($name: $chinese,)* };

        impl Words {
            /// Every entry with its name.
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                let listed = [$(self.$list),*].concat();
                [listed, vec![$((stringify!($name), self.$name)),*]].concat()
            }
        }
    };
}

words! {
    // The labels of the settings' fields.
    labels {
        "cell": "Cell", "循环单元";
        "style": "Implementation", "实现方式";
        "layers": "Layers", "层数";
        "hidden": "Hidden units", "隐藏单元数";
        "batch": "Batch size", "批量大小";
        "steps": "Time steps", "时间步数";
        "epochs": "Epochs", "轮次数";
        "lr": "Learning rate", "学习率";
        "clip": "Gradient clipping", "梯度裁剪";
        "optimizer": "Optimizer", "优化器";
        "momentum": "Momentum", "动量";
        "weight_decay": "Weight decay", "权重衰减";
        "tokens": "Training tokens", "训练词元数";
        "sampling": "Sampling", "采样";
        "state": "Hidden state", "隐状态";
        "seed": "Seed", "随机种子";
        "engine": "Engine", "引擎";
        "threads": "Threads", "线程数";
        "cleaning": "Cleaning", "文本清洗";
        "vocab": "Maximum vocabulary size", "词表大小上限";
        "validation": "Validation tokens", "验证词元数";
        "window-offset": "Window offset", "窗口偏移";
    }
    // The numeric settings in the name of a run.
    names {
        "layers": "layers", "层数";
        "hidden": "hidden", "隐藏单元";
        "batch": "batch", "批量";
        "steps": "steps", "时间步";
        "epochs": "epochs", "轮次";
        "lr": "learning rate", "学习率";
        "clip": "clipping", "裁剪";
        "momentum": "momentum", "动量";
        "weight_decay": "weight decay", "权重衰减";
        "tokens": "tokens", "词元";
        "seed": "seed", "种子";
        "threads": "threads", "线程";
        "vocab": "vocabulary", "词表";
        "validation": "validation", "验证词元";
    }
    // The book's runs, with their sections.
    presets {
        "rnn": "8.5 RNN from scratch", "8.5 循环神经网络从零开始实现";
        "rnn_reset": "8.5 RNN from scratch, state reset", "8.5 循环神经网络从零开始实现，重置隐状态";
        "rnn_random": "8.5 RNN from scratch, random sampling", "8.5 循环神经网络从零开始实现，随机采样";
        "rnn_concise": "8.6 RNN, concise", "8.6 循环神经网络的简洁实现";
        "gru": "9.1 GRU from scratch", "9.1 门控循环单元从零开始实现";
        "gru_concise": "9.1 GRU, concise", "9.1 门控循环单元的简洁实现";
        "lstm": "9.2 LSTM from scratch", "9.2 长短期记忆网络从零开始实现";
        "lstm_concise": "9.2 LSTM, concise", "9.2 长短期记忆网络的简洁实现";
        "deep_lstm": "9.3 Deep LSTM, concise", "9.3 深度循环神经网络的简洁实现";
        "en_rnn": "9.5 RNN from scratch", "9.5 循环神经网络从零开始实现";
        "en_rnn_concise": "9.6 RNN, concise", "9.6 循环神经网络的简洁实现";
        "en_lstm": "10.1 LSTM from scratch", "10.1 长短期记忆网络从零开始实现";
        "en_lstm_concise": "10.1 LSTM, concise", "10.1 长短期记忆网络的简洁实现";
        "en_gru": "10.2 GRU from scratch", "10.2 门控循环单元从零开始实现";
        "en_gru_concise": "10.2 GRU, concise", "10.2 门控循环单元的简洁实现";
        "en_deep_rnn": "10.3 Deep RNN from scratch", "10.3 深度循环神经网络从零开始实现";
        "en_deep_gru": "10.3 Deep GRU, concise", "10.3 深度门控循环单元的简洁实现";
    }
    // The values of the other settings.
    values {
        "rnn": "RNN", "RNN";
        "gru": "GRU", "GRU";
        "lstm": "LSTM", "LSTM";
        "scratch": "scratch", "从零开始";
        "concise": "concise", "简洁";
        "sgd": "SGD", "SGD";
        "adam": "Adam", "Adam";
        "momentum": "SGD with momentum", "动量 SGD";
        "sequential": "sequential", "顺序";
        "random": "random", "随机";
        "windows": "all windows", "所有窗口";
        "carry": "carry", "传递";
        "reset": "reset", "重置";
        "auto": "auto", "自动";
        "gpu": "GPU", "仅 GPU";
        "cpu": "CPU", "仅 CPU";
        "book": "as in the book", "与书相同";
        "whole": "the whole text at once", "全文一次清洗";
        "verbatim": "verbatim", "保留原文";
    }
    ---
    code: "en", "zh";
    other_language: "中文", "English";
    none: "–", "–";
    quote: "“{0}”", "“{0}”";
    list_separator: ", ", "、";

    // Masthead.
    tagline: "Watch a recurrent neural network learn to write, one character at a time: the character RNN of",
        "看循环神经网络一个字符一个字符地学习写作：它就是这本书里的字符级 RNN——";
    book: "Dive into Deep Learning", "《动手学深度学习》";
    tagline_end: ", trained right here in your browser. There is nothing to install, and nothing leaves your machine.",
        "，就在你的浏览器中训练。无需安装，数据也不会离开你的机器。";
    theme: "Theme", "配色";
    theme_auto: "system", "跟随系统";
    theme_light: "light", "浅色";
    theme_dark: "dark", "深色";
    stage: "For a projector", "投影模式";
    stage_keys: "Space: train, pause, resume · e: one epoch · m: one minibatch · r: reset · ← →: through the epochs · \
        l: logarithmic · 1 to 4: a figure, 0: none · + −: size · Esc: leave",
        "空格：训练、暂停、继续 · e：一个轮次 · m：一个小批量 · r：重置 · ← →：浏览轮次 · l：对数坐标 · 1 至 4：显示图形，0：不显示 · + −：字号 · Esc：离开";
    stage_leave: "Leave this view",
        "退出投影模式";

    // The bar.
    run: "Run", "训练";
    train: "Train", "训练";
    pause: "Pause", "暂停";
    resume: "Resume", "继续";
    resume_to: "Resume to {0} epochs", "继续到 {0} 个轮次";
    one_epoch: "One epoch", "一个轮次";
    one_minibatch: "One minibatch", "一个小批量";
    reset: "Reset", "重置";
    progress: "Training progress", "训练进度";
    epoch: "Epoch", "轮次";
    perplexity: "Perplexity", "困惑度";
    tokens_per_second: "Tokens/s", "词元/秒";
    tokens_per_second_window: "Over the last few seconds; when an epoch ends, over that epoch; when the run ends, \
        over the whole run",
        "取最近几秒的速度；轮次结束时取该轮次的，训练结束时取整个训练的";
    time_left: "Time left", "剩余时间";
    device: "Device", "设备";
    count_of: "{0} of {1}", "{0} / {1}";
    loading: "Loading…", "正在加载…";
    will_train: "Loading to train…", "加载后即训练…";
    preparing_run: "Preparing the run…", "正在准备训练…";
    loading_text: "Loading the text…", "正在加载文本…";
    seconds: "{0} s", "{0} 秒";
    minutes: "{0} min", "{0} 分钟";
    hours: "{0} h {1} min", "{0} 小时 {1} 分钟";
    looking_for_gpu: "Looking for the GPU…", "正在寻找 GPU…";
    ready: "Ready to train", "可以训练";
    ready_for: "Ready: about {0}", "可以训练：约 {0}";
    training: "Training", "训练中";
    paused: "Paused", "已暂停";
    finished: "Finished", "已完成";
    failed: "Failed", "已失败";

    // Without WebGPU.
    no_webgpu: "WebGPU is not available in this browser, so the page trains on the CPU.",
        "此浏览器无法使用 WebGPU，因此在 CPU 上训练。";
    advice_chrome_linux: "To use the GPU, enable chrome://flags/#enable-unsafe-webgpu and restart the browser.",
        "若要使用 GPU，请启用 chrome://flags/#enable-unsafe-webgpu，然后重启浏览器。";
    advice_chrome: "To use the GPU, open the page in Chrome or Edge 127 or newer, with hardware acceleration turned \
        on in its settings.",
        "若要使用 GPU，请用 Chrome 或 Edge 127 以上版本打开本页，并在其设置中打开硬件加速。";
    advice_firefox: "To use the GPU, open the page in Firefox 141 or newer on Windows, 145 or newer on macOS, or in \
        Chrome.",
        "若要使用 GPU，请在 Windows 上用 Firefox 141 以上版本、在 macOS 上用 145 以上版本，或用 Chrome 打开本页。";
    advice_safari: "To use the GPU, open the page in Safari 26 or newer.",
        "若要使用 GPU，请用 Safari 26 以上版本打开本页。";
    advice_insecure: "To use the GPU, open the page over https or on localhost.",
        "若要使用 GPU，请通过 https 或在 localhost 上打开本页。";

    // A newer version of the page.
    version_ready: "A newer version of this page is ready.", "本页有新版本可用。";
    version_change: "Update now", "立即更新";
    version_other_tabs: "To update, first close the other tabs of this page.", "若要更新，请先关闭本页的其他标签页。";

    // A run that resumed on another device, or diverged.
    recovered: "The device failed ({0}); training resumed from the end of epoch {1} on {2}.",
        "设备出错（{0}）；训练从第 {1} 个轮次结束处在 {2} 上继续。";
    diverged: "Training diverged: {0} was no longer finite in minibatch {1} of epoch {2}. The run is paused at the \
        end of the previous epoch.",
        "训练发散：第 {2} 个轮次的第 {1} 个小批量中，{0}不再是有限的数。训练已暂停在前一个轮次结束处。";
    go_on_with: "Continue with learning rate {0}, clipping threshold {1}", "以学习率 {0}、裁剪阈值 {1} 继续";
    the_loss: "the loss", "损失";
    the_gradient_norm: "the gradient norm", "梯度范数";
    a_weight: "a weight", "权重";
    the_perplexity: "the perplexity", "困惑度";
    break_it: "Make training fail", "让训练失败";
    break_it_note: "With these settings training goes wrong. Choose one and press Train to see how, and what the \
        page suggests. “Use the book’s settings” undoes the choice.",
        "用这些设置训练会出问题。选一个后按“训练”，看看会怎样，以及本页的建议。“使用书中的设置”可恢复。";
    break_lr: "Learning rate 100", "学习率 100";
    break_clip: "Learning rate 3, no clipping", "学习率 3，不裁剪";

    // Checkpoints.
    books_settings: "the book’s settings", "书中的设置";
    interrupted: "Interrupted runs", "被中断的训练";
    saved_facts: "epoch {0} of {1}, perplexity {2}", "轮次 {0} / {1}，困惑度 {2}";
    saved_offer: "A run was interrupted: {0}; {1}, saved {2}.", "有一次训练被中断：{0}；{1}，保存于 {2}。";
    opened_offer: "{0} contains this run: {1}; {2}.", "{0} 中的训练：{1}；{2}。";
    resume_this: "Resume this run", "继续这次训练";
    open_this: "Open this run", "打开这次训练";
    longer_hint: "This run is finished. To train it further, set Epochs to more than {0}.",
        "这次训练已完成。若要继续训练，请把轮次数设为大于 {0}。";
    discard: "Discard", "丢弃";
    cannot_save: "This browser can’t save the run ({0}). Training continues, but closing the page would lose the \
        run: download a checkpoint to keep it.",
        "浏览器无法保存这次训练（{0}）。训练仍在继续，但关闭页面会丢失它：请下载检查点来保留。";
    storage_blocked: "Another tab has an older version of this page open, so this tab can’t save runs: close the \
        other tabs of this page, then reload this one.",
        "另一个标签页打开着本页的旧版本，因此这个标签页无法保存训练：请关闭本页的其他标签页，然后重新加载本页。";
    storage_closed: "A newer version of this page has taken over the saved runs, or the browser has deleted them, so \
        this tab can no longer save the run: download a checkpoint to keep it, then reload the page.",
        "本页的新版本已接管保存的训练，或浏览器已将其删除，因此这个标签页无法再保存训练：请下载检查点来保留，然后重新加载本页。";
    restarted: "The training worker stopped and was restarted; training resumed from the end of epoch {0} ({1}).",
        "负责训练的 Worker 曾停止，已重新启动；训练从第 {0} 个轮次结束处继续（{1}）。";
    checkpoints: "Checkpoints", "检查点";
    checkpoints_note: "Runs are saved in this browser automatically. To continue one elsewhere, on this page or in \
        PyTorch, download its checkpoint.",
        "训练会自动保存在此浏览器中。若要在别处继续，无论是用本页还是 PyTorch，请下载检查点。";
    checkpoint_download: "Download checkpoint", "下载检查点";
    checkpoint_pytorch: "Continue in PyTorch", "在 PyTorch 中继续";
    checkpoint_pytorch_note: "“Continue in PyTorch” downloads the checkpoint and {0}. Put both next to the text, \
        then run:",
        "“在 PyTorch 中继续”会下载检查点和 {0}。请把两者与文本放在一起，然后运行：";
    checkpoint_open: "Open a checkpoint", "打开检查点";
    download: "Download", "下载";

    // Settings.
    settings: "Settings", "设置";
    line_scratch: "{0} from scratch", "{0} 从零开始实现";
    line_concise: "{0}, concise", "{0} 简洁实现";
    line_units: "{0} units", "{0} 个隐藏单元";
    mode: "Mode", "模式";
    mode_first: "State carried", "传递隐状态";
    mode_second: "State reset", "重置隐状态";
    mode_random: "Random sampling", "随机采样";
    mode_first_meaning: "Sequential windows, state carried", "顺序分区，隐状态传递";
    mode_second_meaning: "Sequential windows, state reset", "顺序分区，隐状态重置";
    mode_random_meaning: "Random windows, state reset", "窗口随机，隐状态重置";
    presets_label: "Runs of the book", "书中的训练";
    preset_none: "settings of your own", "自定义设置";
    edition_chinese: "Chinese edition", "中文版";
    edition_english: "English edition, d2l.ai", "英文版（d2l.ai）";
    minute: "In a minute on this device: {0}, {1} units", "在本设备上一分钟内：{0}，{1} 个隐藏单元";
    minute_note: "The largest network here that writes words within a minute.",
        "这是本设备一分钟内能学会写单词的最大的网络。";
    takes: "These settings take about {0} on this device.", "当前设置在本设备上大约需要 {0}。";
    presets_note: "Sets everything below as in the book, except the seed, the engine and its threads.",
        "把下面的设置都改成书中的值，随机种子、引擎和线程数除外。";
    one_thread: "One thread so far: in most browsers workers may share memory once the page is reloaded (see docs/hosting.md).",
        "目前只有一个线程：在大多数浏览器中，重新加载本页后 Worker 才能共享内存（详见 docs/hosting.md）。";
    start_from_file: "Start from a file", "从文件开始";
    file: "file", "文件";
    offset: "offset {0}", "偏移 {0}";
    initial_parameters: "Initial parameters", "初始参数";
    remove: "Remove", "移除";
    tensors_of_file: "A safetensors file with these F32 tensors (for the current settings):",
        "一个 safetensors 文件，含以下 F32 张量（按当前设置）：";
    start_note: "The token at which the windows of every epoch start; empty for a random one in each epoch. A run \
        with a file or a fixed offset can be compared with another implementation step by step; it is not compared \
        with the book’s.",
        "每个轮次的窗口从第几个词元开始；留空则每个轮次随机。用文件或固定偏移的训练可以与别的实现逐步比较，但不与书中结果比较。";
    file_none: "No file: random weights, from the seed.", "未选择文件：按种子随机初始化权重。";
    file_reading: "Reading {0}…", "正在读取 {0}…";
    file_unreadable: "The file can’t be read.", "文件无法读取。";

    // What the address asks for.
    link_unknown: "This page does not understand {0} in the link: check the spelling; the rest of the link is set, and \
        nothing starts until you press Train.",
        "本页不明白链接中的{0}：请检查拼写；链接的其余部分已设置，按“训练”才会开始。";
    link_waits: "The link asks to train at once, but a run is under way: press Reset, then Train, to start the link’s.",
        "链接要求立即训练，但已有训练在进行：若要开始链接中的训练，请按“重置”，再按“训练”。";

    // The visitor's own text.
    text_choose: "Choose a text", "选择文本";
    text_paste: "Paste a text", "粘贴文本";
    text_pasted: "pasted text", "粘贴的文本";
    text_held: "“{0}…”, {1} characters in all", "“{0}……”，共 {1} 个字符";
    text_use: "Use this text", "使用这个文本";
    text_book: "Back to the book’s text", "回到书中的文本";
    text_note: "A plain text file in UTF-8 or UTF-16, up to {0} MB. You can also drop it anywhere on the page. It \
        stays on your machine.",
        "UTF-8 或 UTF-16 的纯文本文件，最多 {0} MB，也可拖放到本页任意处。文本不会离开你的机器。";
    text_tokens: "{0}; {1} tokens, vocabulary of {2}", "{0}；{1} 个词元，词表大小 {2}";
    text_unknown: "the {1} rarest characters ({0} tokens) read as <unk>", "最少见的 {1} 种字符（{0} 个词元）读作 <unk>";
    text_cleaning_note: "The cleaning “as in the book” keeps only letters and spaces; “verbatim” keeps every \
        character, in any script. Validation tokens are held out from the end of the text; their perplexity is the \
        dashed line.",
        "“与书相同”只留字母和空格；“保留原文”保留任何文字的每个字符。验证词元取自文本末尾，不参与训练；它们的困惑度是虚线。";
    text_adapted: "Adjusted for this text: {0}.", "已按此文本调整：{0}。";
    vocabulary: "Vocabulary", "词表";
    vocabulary_more: "and {0} more", "以及另外 {0} 种";
    drop_several: "{0} files were dropped, and one can be taken at a time: drop a single file.",
        "拖放了 {0} 个文件，而一次只能用一个：请只拖放一个文件。";
    drop_folder: "{0} is a folder: drop one of its files instead.", "{0} 是文件夹：请改为拖放其中的一个文件。";
    drop_hint: "Drop a text to train on it, or a checkpoint to resume it", "松开即可用这个文本训练，或打开这个检查点";
    offer: "This link asks to train on the text at {0}", "这个链接请求用此处的文本训练：{0}";
    offer_note: "Nothing has been loaded yet. If you agree, it is fetched from {0} and trained on here.",
        "尚未加载其中任何内容。经你同意后才会从 {0} 获取，并在本机训练。";
    offer_load: "Fetch this text", "获取这个文本";
    offer_decline: "Keep the book’s text", "仍用书中的文本";

    hyperparameters_note: "Changes to the learning rate and gradient clipping take effect at the next minibatch.",
        "学习率和梯度裁剪在下一个小批量生效。";
    new_run_note: "Changed for the next run: {0}. Press Reset, then Train, to start it.",
        "已为下一次训练更改：{0}。请按“重置”，再按“训练”来开始。";
    longer_note: "This run can go on to {0} epochs. Pause it, then press “Resume to {0} epochs”.",
        "这次训练可以继续到 {0} 个轮次：请先暂停，再按“继续到 {0} 个轮次”。";

    // Model and data.
    network_title: "Model and data", "模型与数据";
    network_next: "This is the current run. The settings are for another one: {0}; {1}.",
        "以上是当前的训练。设置对应另一次训练：{0}；{1}。";
    text: "Text", "文本";
    books_edition: "the book’s edition", "书中所用的版本";
    speed: "Speed", "速度";
    network: "Network", "网络";
    network_facts: "{0}, {1}, {2} parameters", "{0}，{1}，{2} 个参数";
    shapes: "Shapes", "形状";
    one_hot: "one-hot", "独热";
    memory: "Memory", "内存";
    race: "Speed test", "测速";
    lap: "{0}: {1} tokens/s", "{0}：{1} 词元/秒";
    laps_not_timed: "{0} more not timed", "另外 {0} 种未测";

    // Kernel timings.
    profile_title: "Kernel timings", "各内核用时";
    profile_note: "Times each kernel of a training step by itself, with the current settings and a separate network. \
        This takes a few seconds, during which training pauses.",
        "用当前设置和一个单独的网络，逐个测量训练一步中每个内核的用时；需要几秒钟，其间训练暂停。";
    profile_measure: "Measure", "测量";
    profile_measuring: "Measuring…", "测量中…";
    profile_copy: "Copy as a line of a table", "复制为表格的一行";
    profile_kernel: "Kernel", "内核";
    profile_dispatches: "Dispatches", "调度次数";
    profile_share: "Share", "占比";
    profile_summary: "{0}. In training, a minibatch takes {1} ms ({2} tokens/s). Packing and recording it takes {3} \
        ms ({4} % of that), while the device is busy. The read-back at the end of an epoch takes {5} ms.",
        "{0}。训练中一个小批量用时 {1} 毫秒：{2} 词元/秒。打包和录制用时 {3} 毫秒，占 {4} %，与设备的工作同时进行；轮次结束时的回读用时 {5} 毫秒。";

    // Curve.
    curve_title: "Perplexity by epoch", "各轮次的困惑度";
    curve_empty: "The curve starts after the first epoch. Guessing uniformly among the text’s characters has a \
        perplexity of {0}; predicting every character with certainty has a perplexity of 1.",
        "第一个轮次结束后曲线开始出现。在文本的字符中均匀地盲猜，困惑度是 {0}；每个字符都有把握地猜对，困惑度是 1。";
    logarithmic: "Log scale", "对数坐标";
    save_png: "Save PNG", "保存 PNG 图片";
    save_svg: "Save SVG", "保存 SVG 图片";
    save_csv: "Save CSV", "保存 CSV 数据";
    axis_epoch: "epoch", "轮次";
    axis_perplexity: "perplexity", "困惑度";
    axis_norm: "gradient norm", "梯度范数";
    pytorch: "PyTorch, mean of {0} seeds", "PyTorch，{0} 个种子的平均";
    two: "two", "两";
    three: "three", "三";
    four: "four", "四";
    curve_nothing: "Perplexity by epoch: nothing to show before the end of the first epoch",
        "各轮次的困惑度：第一个轮次结束前没有可显示的内容";
    curve_one: "Perplexity is {0} after epoch {1}", "第 {1} 个轮次后困惑度为 {0}";
    curve_stayed: "Perplexity stayed at {0} from epoch {1} to epoch {2}", "从第 {1} 到第 {2} 个轮次，困惑度保持在 {0}";
    curve_fell: "Perplexity fell from {0} at epoch {1} to {2} at epoch {3}",
        "困惑度从第 {1} 个轮次的 {0} 降到第 {3} 个轮次的 {2}";
    curve_rose: "Perplexity rose from {0} at epoch {1} to {2} at epoch {3}",
        "困惑度从第 {1} 个轮次的 {0} 升到第 {3} 个轮次的 {2}";
    curve_behind: "; {0}: {1} at epoch {2}", "；{0}：第 {2} 个轮次为 {1}";
    changed_to: "changed to learning rate {0}, clipping threshold {1}", "改为学习率 {0}、裁剪阈值 {1}";
    scrub: "Epoch to show", "查看的轮次";
    at_epoch: "Epoch {0}", "第 {0} 个轮次";
    at_epoch_perplexity: "Epoch {0}: perplexity {1}", "第 {0} 个轮次：困惑度 {1}";
    at_epoch_held_out: "Epoch {0}: perplexity {1}, validation {2}", "第 {0} 个轮次：困惑度 {1}，验证 {2}";
    curve_held_out: "; validation: {0}", "；验证：{0}";
    named_held_out: "{0}, validation", "{0}，验证";
    legend_held_out: "Dashed: validation perplexity", "虚线：验证困惑度";
    untrained: "Before training", "训练之前";
    newest: "Follow the latest epoch", "跟随最新轮次";
    copy: "Copy", "复制";
    copied: "Copied", "已复制";
    copy_by_hand: "Copying is not allowed here: copy the selected text by hand.", "此处不允许复制：请手动复制选中的文字。";

    // Samples.
    samples: "Samples", "样本";
    samples_empty: "After every epoch, the network continues your prefix by 50 characters. The book’s first run writes:",
        "每个轮次结束后，网络会把你的前缀续写 50 个字符。书中的第一次训练是这样写的：";
    samples_by_epoch: "Samples by epoch", "各轮次的样本";

    // Runs.
    runs: "Runs", "历次训练";
    runs_empty: "Every run you train is listed here, so that you can compare it, rename it, share it and load its \
        settings again.",
        "你的每一次训练都会列在这里，可以比较、改名、分享，并再次载入其设置。";
    compare_random: "Compare with random sampling", "与随机采样比较";
    compare_sequential: "Compare with sequential sampling", "与顺序分区比较";
    compare_note: "With the same settings and seed, after the current run.",
        "用相同的设置和种子再训练一次，在当前训练结束后开始。";
    compare_networks: "Train RNN, GRU, LSTM and a deep LSTM side by side", "依次训练 RNN、GRU、LSTM 和深层 LSTM 并比较";
    beside_title: "Side by side", "并排比较";
    beside_run: "Run", "训练";
    beside_parameters: "Parameters", "参数";
    beside_time: "µs a token", "微秒/词元";
    beside_epochs: "Epochs to 2", "降到 2 的轮次";
    beside_sample: "Latest sample", "最新样本";
    compare_waits: "Next: {0}", "接下来：{0}";
    compare_cancel: "Don’t compare", "不再比较";
    run_number: "Run {0}", "第 {0} 次训练";
    run_name: "Name of run {0}", "第 {0} 次训练的名称";
    run_shown: "Show run {0} on the chart", "在曲线上显示第 {0} 次训练";
    run_facts: "epoch {0}, perplexity {1}", "轮次 {0}，困惑度 {1}";
    run_open: "Load its settings", "载入它的设置";
    run_link: "Copy link", "复制链接";
    run_delete: "Delete", "删除";
    run_actions: "Actions for run {0}", "对第 {0} 次训练的操作";
    item: "{0} {1}", "{0} {1}";
    name_from_file: "from a file", "从文件开始";
    name_branch: "from epoch {0}", "从第 {0} 个轮次起";
    name_offset: "offset", "偏移";
    name_carry: "state carried", "隐状态传递";
    name_reset: "state reset", "隐状态重置";
    name_changed: "changed in mid-run", "中途改动";

    // Conversation.
    conversation: "Text generation", "文本生成";
    prefix: "Prefix", "前缀";
    generate: "Generate", "生成";
    trained_name: "{0}, trained before", "{0}（预先训练）";
    trained_note: "This {0} was trained before, when the page was built: {1} hidden units, {2} epochs. Type how a sentence \
        begins, and it goes on. Press Train, and your own network learns beside it.",
        "这个 {0} 是在构建本页时预先训练好的：{1} 个隐藏单元，{2} 个轮次。输入一句话的开头，它就会续写。按“训练”，你自己的网络就会在它旁边开始学习。";
    trained_settings: "Its settings", "载入其设置";
    trained_others: "Trained before:", "预先训练的网络：";
    conversation_hint: "Type how a sentence begins, and the network continues it with its current weights. Before \
        training, expect gibberish.",
        "输入一句话的开头，网络会用当前的权重续写。训练之前，写出来的会是乱码。";
    continuation: "Continuation", "续写";
    refresh: "Update during training", "随训练刷新";
    pick: "Next character", "下一个字符";
    pick_likeliest: "the most likely, as in the book", "概率最大者（与书相同）";
    pick_sampled: "sampled at random", "随机抽取";
    temperature: "Temperature", "温度";
    top_k: "Top k", "候选数（top k）";
    surprise_hint: "The darker its background, the more a character surprised the network. Point at one, or use the \
        arrow keys, to see the alternatives.",
        "颜色越深，网络越意外。把指针移到某个字符上，或用方向键移动，即可看到其他候选。";
    guesses_of: "Candidates for “{0}” (surprisal {1} bits)", "“{0}”处的候选（自信息 {1} 比特）";
    guesses_next: "Candidates for the next character", "下一个字符的候选";
    space: "space", "空格";
    newline: "newline", "换行";
    unknown_one: "{0} is not in the vocabulary and is read as <unk>.", "{0} 不在词表中：读作 <unk>。";
    unknown_many: "{0} and {1} are not in the vocabulary and are read as <unk>.", "{0} 和 {1} 不在词表中：读作 <unk>。";

    // Gradients.
    gradients: "Gradient norm", "梯度范数";
    gradients_empty: "After the first epoch, this shows the gradient norm of every minibatch, and how many \
        minibatches were clipped.",
        "第一个轮次后，这里会显示每个小批量的梯度范数，以及被裁剪的次数。";
    gradients_share: "{0} of {1} minibatches clipped ({2} %)", "{1} 个小批量中裁剪了 {0} 个（{2} %）";
    gradients_label: "Gradient norm of each minibatch before clipping: {0} at the last one, threshold {1}",
        "各小批量裁剪前的梯度范数：最后一个为 {0}，阈值 {1}";

    // Result.
    ended: "Result", "训练结果";
    ended_words: "After {0}: perplexity {1}, {2} tokens/s on {3}.", "{0}后：困惑度 {1}，{2} 词元/秒，设备 {3}。";
    epochs_one: "{0} epoch", "{0} 个轮次";
    epochs_many: "{0} epochs", "{0} 个轮次";
    compared_after: "{0} after {1}", "{1}后为 {0}";
    compared_ends: "{0}; {1}, ends at epoch {2}.", "{0}；{1}，到第 {2} 个轮次为止。";
    compared_published: "{0} after {1}, {2} on held-out tokens; the book publishes about {3} and {4}.",
        "{1}后为 {0}，验证词元上为 {2}；书中公布的约为 {3} 和 {4}。";
    compared: "{0}; {1}: {2}, {3}.", "{0}；{1}：{2}，{3}。";
    about: "about {0}", "约 {0}";
    the_same: "the same within 1 %", "相差不到 1 %";
    worse: "so this run is {0} % worse", "本次训练差 {0} %";
    better: "so this run is {0} % better", "本次训练好 {0} %";
    books_speed: "the book’s 2021 GPU ({0} to {1} tokens/s)", "书中 2021 年的 GPU（{0} 到 {1} 词元/秒）";
    as_fast: "As fast as {0}.", "与{0}一样快。";
    times_as_fast: "{0} times the speed of {1}.", "是{1}的 {0} 倍。";
    far_slower: "Less than 0.01 times the speed of {0}.", "不到{0}的 0.01 倍。";

    // Explanations.
    explain: "Explain", "讲解";
    explain_shapes: "With the current settings", "按当前设置";
    explain_kernel: "The WGSL kernels that compute it on the GPU", "在 GPU 上计算它的 WGSL 内核";
    explain_cpu: "The CPU engine computes the same formula in Rust.", "CPU 引擎用 Rust 计算同样的公式。";
    explain_loading: "Loading {0}…", "正在加载 {0}…";
    explain_missing: "The kernel {0} could not be loaded: reload the page.", "无法获取内核 {0}：请重新加载本页。";
    explain_minibatch: "The text is split into windows of T tokens; B of them make up a minibatch X. The target of \
        each token is the token after it. Multiplying a one-hot vector by a matrix just looks up a row, so no \
        one-hot vector is ever stored.",
        "文本被切成长度为 T 个词元的窗口，B 个窗口组成一个小批量 X。每个标签就是下一个词元。独热向量乘矩阵等于取矩阵的一行，因此不必真正写出独热向量。";
    explain_forward: "At each time step, the hidden state is computed from one input token and the previous hidden \
        state. The output layer turns it into logits for the next token.",
        "在每个时间步，隐状态由一个输入词元和上一个隐状态算出；输出层再由它算出下一个词元的未归一化分数。";
    explain_perplexity: "Perplexity is the exponential of the mean cross-entropy per token. A perplexity of 10 means \
        that the network is as uncertain, on average, as if it chose among 10 equally likely tokens.",
        "困惑度是每个词元平均交叉熵的指数。困惑度为 10，表示网络平均而言相当于在 10 个等概率的词元之间犹豫。";
    explain_clipping: "Backpropagation through time multiplies by the same matrix T times, so gradients can explode. \
        If their norm over all parameters exceeds the threshold θ, they are all scaled down so that the norm is θ; \
        then SGD updates the parameters.",
        "通过时间反向传播要连乘同一个矩阵 T 次，梯度可能爆炸。若全部参数的梯度范数超过阈值 θ，就整体按比例缩小，使范数等于 θ；然后随机梯度下降更新参数。";
    explain_prediction: "The prefix warms up the hidden state; then each predicted character is fed back as the next \
        input. The surprisal of a character is minus the binary logarithm of its probability.",
        "先用前缀预热隐状态，然后把每个预测出的字符作为下一个输入。一个字符的自信息是其概率以 2 为底的对数的相反数。";
    part_input: "input", "输入";
    part_state: "hidden state", "隐状态";
    part_bias: "bias", "偏置";
    part_activation: "activation", "激活函数";
    part_gates: "gates", "门";
    part_candidate: "candidate state", "候选状态";
    part_cell: "cell state", "记忆元";
    part_new_state: "new hidden state", "新的隐状态";
    part_decay: "weight decay", "权重衰减";
    part_average: "moving average", "滑动平均";
    part_correction: "bias correction", "偏差修正";
    part_output: "output layer", "输出层";
    part_maximum: "largest logit, for stability", "最大分数（保证数值稳定）";
    part_exponential: "exponentials", "指数";
    part_loss: "loss", "损失";
    part_norm: "norm", "范数";
    part_threshold: "threshold θ", "阈值 θ";
    part_update: "update", "更新";
    part_target: "target", "标签";

    // The lessons.
    lessons: "Lessons", "课程";
    lessons_missing: "The lessons could not be loaded: check the connection, then close this part and open it again.",
        "课程未能加载：请检查网络连接，然后关闭并重新打开这一部分。";
    lesson_next: "Next: {0}", "下一课：{0}";
    lesson_back: "Back to the lesson", "回到课程";
    lesson_close: "Close the lesson", "关闭课程";

    // The settings as a program.
    as_code: "As a PyTorch program", "写成 PyTorch 程序";
    as_code_note: "These settings in the book’s style: it trains the same network on timemachine.txt beside it. Its own \
        random numbers give another curve of the same kind; a file to start from and a fixed window offset are left out.",
        "按书中的写法表示当前设置：它用同目录下的 timemachine.txt 训练同样的网络；由于随机数不同，曲线相近而不完全相同；不含起始文件和固定的窗口偏移。";
    as_code_missing: "The program could not be loaded: check the connection, then open this part again.",
        "程序未能加载：请检查网络连接，然后重新打开这一部分。";

    branch: "Go on from here", "从这里继续";
    branch_note: "A new run goes on from this epoch with the learning rate, clipping, optimizer, sampling and state that are set; \
        the run so far stays on the chart.",
        "新的训练从这个轮次开始，使用当前设置的学习率、裁剪、优化器、采样和隐状态；原来的训练仍留在图上。";

    // Inside the network.
    inside_title: "Inside the network", "看看网络内部";
    inside_hint: "What the network does with a passage, followed while it trains. Open a view; nothing is computed \
        for those that are closed.",
        "网络怎样处理一段文字，训练时随之更新。打开一个视图即可查看；关闭的视图不做任何计算。";
    inside_untrained: "The untrained network", "未训练的网络";
    inside_epoch: "The network after epoch {0}", "第 {0} 个轮次后的网络";
    inside_passage: "Passage", "文段";
    inside_conversation: "the conversation", "对话";
    inside_text: "the text", "正文";
    inside_place: "Place in the text", "在正文中的位置";
    inside_at: "character {0}", "第 {0} 个字符";
    inside_waits: "Waiting for the network…", "正在等待网络……";
    inside_keys: "Point at a character, tap it, or move with the arrow keys.", "指向或点按一个字符，或用方向键移动。";
    inside_chosen: "Chosen: {0}, character {1} of {2}", "已选：{0}，第 {1} 个字符，共 {2} 个";

    memory_title: "What it remembers", "网络记住了什么";
    memory_note: "Choose a character: the earlier ones are shaded by how much the prediction that follows it depends on \
        them: the norm of the gradient of its logit with respect to each input.",
        "选择一个字符：之前的每个字符按其对下一个字符预测的影响着色，即该 logit 对各输入的梯度的范数。";
    memory_last: "How likely it finds {0} next depends on this character alone: all earlier ones count for less than a tenth.",
        "它认为下一个字符是 {0} 的可能性只取决于当前字符：更早的字符的影响都不到十分之一。";
    memory_reach: "How likely it finds {0} next depends on this character and up to {1} before it; what lies further back counts for \
        less than a tenth.",
        "它认为下一个字符是 {0} 的可能性取决于当前字符以及之前 {1} 个字符以内的内容；更早的字符的影响不到十分之一。";
    memory_all: "How likely it finds {0} next depends on the whole passage, back to its beginning {1} characters before.",
        "它认为下一个字符是 {0} 的可能性取决于整段文字，一直到 {1} 个字符之前的开头。";

    unit_title: "One unit over a text",
        "一个单元随文本的变化";
    unit_note: "Each character is coloured by the state of one hidden unit after it: from −1 (blue) over 0 (plain) to 1 \
        (orange). The units are ranked by how well a threshold of their state tells something about the text.",
        "每个字符按一个隐藏单元读完它之后的状态着色：从 −1（蓝）经 0（无色）到 1（橙）。单元按其状态的阈值区分文本特征的能力排序。";
    unit_number: "Unit", "单元";
    unit_layer: "Layer", "层";
    unit_row: "Coloured by", "着色依据";
    unit_previous: "Previous unit", "上一个单元";
    unit_next: "Next unit", "下一个单元";
    unit_ranking: "The most selective units", "选择性最强的单元";
    unit_above: "above {0}: {1} ({2} %)", "大于 {0}：{1}（{2}%）";
    unit_below: "below {0}: {1} ({2} %)", "小于 {0}：{1}（{2}%）";
    unit_share: "The percentage: the share of places with the feature where the unit is beyond the threshold, less that share \
        elsewhere; of some {0} characters of the text.",
        "百分比：有该特征的位置中越过阈值的比例，减去其余位置的比例；取自正文的约 {0} 个字符。";
    unit_elsewhere: "Find the same elsewhere",
        "在别处寻找同样的情形";
    unit_find: "elsewhere", "别处";
    unit_places: "Where unit {0} is most active", "单元 {0} 最活跃的地方";
    unit_no_places: "Nowhere else in what was read of the text is it as active.",
        "在所读的正文中，别处没有这样活跃的地方。";
    unit_numbers: "After this character: {0}", "在该字符之后：{0}";
    feature_space: "spaces", "空格";
    feature_line_end: "line ends", "行尾";
    feature_vowel: "vowels", "元音";
    feature_capital: "capitals", "大写字母";
    feature_digit: "digits", "数字";
    feature_punctuation: "punctuation", "标点";
    feature_in_word: "character {0} of a word", "单词的第 {0} 个字符";
    feature_late: "late in a word", "单词的靠后部分";
    feature_character: "the character {0}", "字符 {0}";
    feature_next: "{0} comes next", "下一个字符是 {0}";

    time_title: "Gradient through time", "梯度随时间的变化";
    time_note: "How much the loss of the passage’s last character depends on each earlier hidden state of the top layer: the norm \
        of the gradient of the loss with respect to it, over the distance. On a logarithmic axis a straight line falls by \
        the same factor at each step.",
        "文段最后一个字符的损失对最上层之前各隐状态的依赖程度：损失对隐状态的梯度的范数，随距离变化。在对数轴上，直线表示每一步缩小同样的倍数。";
    time_axis_x: "steps back", "往回的步数";
    time_axis_y: "‖∂loss/∂h‖", "‖∂损失/∂h‖";
    time_epoch: "epoch {0}", "第 {0} 个轮次";
    time_scaled: "{0}, weights × {1}", "{0}，权重 × {1}";
    time_detached: "detached here", "在此分离";
    time_said: "Of the gradient, {1} is left {0} steps back: a factor of {2} for each step.",
        "往回 {0} 步，梯度还剩 {1}：每一步乘以 {2}。";
    time_border: "Training sees no further than {0} steps: there the state is detached, and the gradient ends.",
        "训练只看到 {0} 步：状态在那里被分离，梯度到此为止。";
    time_clipping: "Clipping left {0} % of the last epoch’s gradients on average.",
        "在最近一个轮次，裁剪后平均保留了 {0}% 的梯度。";
    time_scale: "What if the recurrent weights were × {0}",
        "如果循环权重 × {0}";
    time_keep: "Keep this curve", "保留这条曲线";
    time_forget: "Remove those kept", "移除保留的曲线";
    time_empty: "The curve appears here once the network has read the passage.", "网络读完文段后，曲线会显示在这里。";

    slow_title: "A time step in slow motion",
        "慢动作看一个时间步";
    slow_note: "One time step with its numbers: forward to the loss, then back. The arrow keys go from stage to stage and \
        from character to character.",
        "一个时间步及其数值：先前向到损失，再反向。用方向键在各阶段和各字符之间移动。";
    slow_one_hot: "{0} is a one-hot vector: 1 at index {1} of {2}, else 0",
        "{0} 是一个独热向量：长度为 {2}，下标 {1} 处为 1，其余为 0";
    slow_loss: "The next character is {0}: the loss is {1} nats", "下一个字符是 {0}：损失为 {1} 纳特";
    slow_more: "The first {0} of {1} hidden units are shown.", "显示 {1} 个隐藏单元中的前 {0} 个。";
    slow_back: "Previous stage", "上一阶段";
    slow_forward: "Next stage", "下一阶段";
    slow_of: "Stage {0} of {1}", "第 {0} 阶段，共 {1} 阶段";
    slow_place: "Show it in the kernel", "在内核中显示";
}
