//! The GPU calls in which the web and a native program differ.

#[cfg(not(target_arch = "wasm32"))]
pub use native::{
    ErrorScopes, SUBGROUPS, Submission, find_adapter, has_subgroups, name, poll, run_callbacks, shader_module,
};
#[cfg(target_arch = "wasm32")]
pub use web::{
    ErrorScopes, SUBGROUPS, Submission, find_adapter, has_subgroups, name, poll, run_callbacks, shader_module,
};

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use crate::error::{Error, Result};

    /// Nothing to do: natively wgpu finds the adapter by itself.
    pub async fn find_adapter() -> Result<()> {
        Ok(())
    }

    pub fn name(_: &wgpu::Device, info: &wgpu::AdapterInfo) -> String {
        format!("{} ({})", info.name, info.backend)
    }

    /// A shader without the checks that loops end and that divisors are not zero, which cost a step of the book's
    /// network some tenth of its time on an NVIDIA H200. Indices stay checked.
    pub fn shader_module(device: &wgpu::Device, descriptor: wgpu::ShaderModuleDescriptor<'_>) -> wgpu::ShaderModule {
        let checks = wgpu::ShaderRuntimeChecks {
            bounds_checks: true,
            force_loop_bounding: false,
            int_div_checks: false,
            ..wgpu::ShaderRuntimeChecks::checked()
        };
        // SAFETY: every loop of a kernel counts up to a size, and every divisor is a size, a constant or a count of
        // tiles, all at least 1: `Config` and the tile shapes allow no others. Indices, which a mutant may get wrong,
        // are still checked.
        unsafe { device.create_shader_module_trusted(descriptor, checks) }
    }

    /// WGSL directives for subgroup operations; naga needs none.
    pub const SUBGROUPS: &str = "";

    pub fn has_subgroups(device: &wgpu::Device) -> bool {
        device.features().contains(wgpu::Features::SUBGROUP)
    }

    /// A command buffer that has been submitted.
    pub struct Submission(wgpu::SubmissionIndex);

    impl Submission {
        pub fn new(queue: &wgpu::Queue, commands: wgpu::CommandBuffer) -> Self {
            Self(queue.submit([commands]))
        }

        pub async fn done(self, device: &wgpu::Device) -> Result<()> {
            wait(device, wgpu::PollType::Wait { submission_index: Some(self.0), timeout: None })
        }
    }

    /// Waits for the device and runs pending callbacks.
    pub fn run_callbacks(device: &wgpu::Device) -> Result<()> {
        wait(device, wgpu::PollType::wait_indefinitely())
    }

    /// Runs the callbacks of what the device has finished. A failure is reported by what waits for it.
    pub fn poll(device: &wgpu::Device) {
        _ = device.poll(wgpu::PollType::Poll);
    }

    fn wait(device: &wgpu::Device, poll: wgpu::PollType) -> Result<()> {
        device.poll(poll).map(|_| ()).map_err(|error| Error::Gpu(error.to_string()))
    }

    /// Captures the errors of a device between `open` and `close`.
    pub struct ErrorScopes {
        memory: wgpu::ErrorScopeGuard,
        validation: wgpu::ErrorScopeGuard,
    }

    impl ErrorScopes {
        pub fn open(device: &wgpu::Device) -> Self {
            let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
            Self { memory, validation: device.push_error_scope(wgpu::ErrorFilter::Validation) }
        }

        pub async fn close(self) -> Result<()> {
            let (invalid, full) = (self.validation.pop(), self.memory.pop());
            match (invalid.await, full.await) {
                (Some(error), _) => Err(Error::Gpu(error.to_string())),
                (None, Some(_)) => Err(Error::OutOfMemory),
                (None, None) => Ok(()),
            }
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod web {
    use futures_channel::oneshot;
    use wasm_bindgen::{JsCast, prelude::*};
    use wasm_bindgen_futures::JsFuture;

    use crate::error::{Error, Result};

    /// Checks that the browser has WebGPU and an adapter.
    ///
    /// # Errors
    /// [`Error::NoWebGpu`], [`Error::NoAdapter`].
    pub async fn find_adapter() -> Result<()> {
        // By reflection, because a page's navigator and a worker's are of different classes.
        let gpu = get(&get(&js_sys::global(), "navigator"), "gpu");
        if !gpu.is_truthy() {
            return Err(Error::NoWebGpu);
        }
        ask_for_subgroups(&gpu);
        let adapter = JsFuture::from(gpu.unchecked_into::<GpuInterface>().request_adapter()).await;
        if adapter.is_ok_and(|adapter| adapter.is_truthy()) { Ok(()) } else { Err(Error::NoAdapter) }
    }

    /// A shader; the browser decides what it checks.
    pub fn shader_module(device: &wgpu::Device, descriptor: wgpu::ShaderModuleDescriptor<'_>) -> wgpu::ShaderModule {
        device.create_shader_module(descriptor)
    }

    /// WGSL directives for subgroup operations. The uniformity check is off, because a compiler can't see that all
    /// threads of a quad run the same iterations.
    pub const SUBGROUPS: &str = "enable subgroups;\ndiagnostic(off, subgroup_uniformity);\n";

    pub fn has_subgroups(device: &wgpu::Device) -> bool {
        device.as_webgpu().is_some_and(|device| has_feature(device, "subgroups"))
    }

    fn has_feature(holder: &JsValue, name: &str) -> bool {
        let features: js_sys::Set = get(holder, "features").unchecked_into();
        features.is_object() && features.has(&name.into())
    }

    /// Makes every device request the feature `subgroups` if its adapter has it. wgpu 30.0.0 can't request it on the
    /// web, so `requestDevice` of each adapter is wrapped.
    fn ask_for_subgroups(gpu: &JsValue) {
        const ASKED: &str = "asksForSubgroups";
        if get(gpu, ASKED).is_truthy() {
            return;
        }
        let set = |object: &JsValue, key: &str, value: &JsValue| _ = js_sys::Reflect::set(object, &key.into(), value);
        let method = |object: &JsValue, key: &str| get(object, key).unchecked_into::<js_sys::Function>().bind0(object);
        let request_adapter = method(gpu, "requestAdapter");
        let with_subgroups = Closure::<dyn FnMut(JsValue) -> JsValue>::new(move |adapter: JsValue| {
            if adapter.is_object() && has_feature(&adapter, "subgroups") {
                let request_device = method(&adapter, "requestDevice");
                let ask = Closure::<dyn FnMut(JsValue) -> Result<JsValue, JsValue>>::new(move |descriptor: JsValue| {
                    get(&descriptor, "requiredFeatures").unchecked_into::<js_sys::Array>().push(&"subgroups".into());
                    request_device.call1(&JsValue::NULL, &descriptor)
                });
                set(&adapter, "requestDevice", &ask.into_js_value());
            }
            adapter
        });
        let with_subgroups: js_sys::Function = with_subgroups.into_js_value().unchecked_into();
        let ask = Closure::<dyn FnMut(JsValue) -> Result<JsValue, JsValue>>::new(move |options: JsValue| {
            let adapter = request_adapter.call1(&JsValue::NULL, &options)?;
            method(&adapter, "then").call1(&JsValue::NULL, &with_subgroups)
        });
        set(gpu, "requestAdapter", &ask.into_js_value());
        set(gpu, ASKED, &JsValue::TRUE);
    }

    /// A command buffer that has been submitted.
    pub struct Submission(oneshot::Receiver<()>);

    impl Submission {
        pub fn new(queue: &wgpu::Queue, commands: wgpu::CommandBuffer) -> Self {
            queue.submit([commands]);
            let (send, done) = oneshot::channel();
            queue.on_submitted_work_done(move || _ = send.send(()));
            Self(done)
        }

        pub async fn done(self, _: &wgpu::Device) -> Result<()> {
            self.0.await.map_err(|_| Error::Gpu("the device dropped the work it was given".to_owned()))
        }
    }

    /// Nothing to do: the browser runs callbacks by itself.
    pub fn run_callbacks(_: &wgpu::Device) -> Result<()> {
        Ok(())
    }

    /// Nothing to do, as above.
    pub fn poll(_: &wgpu::Device) {}

    fn get(object: &JsValue, key: &str) -> JsValue {
        js_sys::Reflect::get(object, &key.into()).unwrap_or_default()
    }

    /// Vendor, architecture and description, as far as the browser reports them; some report no adapter information for
    /// a device.
    pub fn name(device: &wgpu::Device, info: &wgpu::AdapterInfo) -> String {
        let told = device.as_webgpu().map(|device| get(device, "adapterInfo")).unwrap_or_default();
        let text = |key| told.is_object().then(|| get(&told, key).as_string()).flatten().unwrap_or_default();
        let parts = [text("vendor"), text("architecture"), info.name.clone()];
        let named: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let name = if named.is_empty() { "a GPU that does not say its name".to_owned() } else { named.join(" ") };
        format!("{name} (WebGPU)")
    }

    #[wasm_bindgen]
    extern "C" {
        /// `navigator.gpu`, called directly because wgpu 30.0.0 takes the null for “no adapter” for an adapter and
        /// panics.
        type GpuInterface;
        #[wasm_bindgen(method, js_name = requestAdapter)]
        fn request_adapter(this: &GpuInterface) -> js_sys::Promise;

        /// The error scopes of a `GPUDevice`, called directly because wgpu 30.0.0 takes the null of a scope without an
        /// error for an error of an unknown kind and panics.
        type ScopedDevice;
        #[wasm_bindgen(method, js_name = pushErrorScope)]
        fn push_error_scope(this: &ScopedDevice, filter: &str);
        #[wasm_bindgen(method, js_name = popErrorScope)]
        fn pop_error_scope(this: &ScopedDevice) -> js_sys::Promise;
        type ScopedError;
        #[wasm_bindgen(method, getter)]
        fn message(this: &ScopedError) -> String;
    }

    /// Captures the errors of a device between `open` and `close`.
    pub struct ErrorScopes(ScopedDevice);

    /// From the outermost scope to the innermost.
    const FILTERS: [&str; 3] = ["out-of-memory", "internal", "validation"];

    impl ErrorScopes {
        pub fn open(device: &wgpu::Device) -> Self {
            let device = device.as_webgpu().expect("on the web every device is the browser's");
            let device: ScopedDevice = JsValue::from(device.clone()).unchecked_into();
            FILTERS.iter().for_each(|filter| device.push_error_scope(filter));
            Self(device)
        }

        pub async fn close(self) -> Result<()> {
            let scopes = FILTERS.map(|_| self.0.pop_error_scope()); // innermost first
            let mut outcome = Ok(());
            for (scope, filter) in scopes.into_iter().zip(FILTERS.iter().rev()) {
                // A lost device rejects the promise; the loss is reported by its callback.
                let error = JsFuture::from(scope).await.unwrap_or(JsValue::NULL);
                if !error.is_null() && outcome.is_ok() {
                    outcome = Err(match *filter {
                        "out-of-memory" => Error::OutOfMemory,
                        _ => Error::Gpu(error.unchecked_into::<ScopedError>().message()),
                    });
                }
            }
            outcome
        }
    }
}
