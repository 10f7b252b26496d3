//! Access to tensors by name and to single kernels: for tests and exports, not for training.

use super::engine::Engine;
use crate::error::Result;
use crate::model::{Minibatch, StateAt};
use crate::network::plan::Call;

impl Engine {
    /// Writes a tensor, given unpadded.
    ///
    /// # Panics
    /// If there is none of this name.
    pub fn write<T: bytemuck::Pod + Default>(&self, name: &str, numbers: &[T]) {
        let tensor = self.layout.tensor(name);
        let padded = tensor.pad(numbers);
        self.gpu.queue.write_buffer(self.buffer_of(tensor), tensor.at, bytemuck::cast_slice(&padded));
    }

    /// Reads a tensor, unpadded, through a temporary buffer.
    ///
    /// # Errors
    /// A failure of the device.
    ///
    /// # Panics
    /// If there is none of this name.
    pub async fn read<T: bytemuck::Pod>(&self, name: &str) -> Result<Vec<T>> {
        let tensor = self.layout.tensor(name);
        Ok(tensor.unpad(&self.read_buffer(self.buffer_of(tensor), tensor.at, tensor.bytes()).await?))
    }

    /// Reads a part of a buffer through a temporary one.
    pub(super) async fn read_buffer<T: bytemuck::Pod>(
        &self,
        buffer: &wgpu::Buffer,
        at: u64,
        bytes: u64,
    ) -> Result<Vec<T>> {
        let staging = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("staging"),
            size: bytes,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.encoder();
        encoder.copy_buffer_to_buffer(buffer, at, &staging, 0, bytes);
        let numbers = self.gpu.read_back(encoder.finish(), &staging, bytes).numbers().await?;
        staging.destroy();
        Ok(numbers)
    }

    /// Uploads a minibatch and sets its initial state.
    pub fn load(&self, minibatch: &Minibatch, state: StateAt) {
        let mut encoder = self.encoder();
        self.begin_minibatch(&mut encoder, 0, state);
        self.gpu.queue.write_buffer(&self.uploads, 0, bytemuck::cast_slice(&self.pack(minibatch)));
        self.gpu.submit(encoder.finish());
    }

    /// Calls a layer's kernel of training or prediction once, at time step `t` if it runs at each step, or in prediction
    /// on slot `t`.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn run_kernel(&mut self, call: Call) -> Result<()> {
        let (index, t) = (self.steps.index(call.kernel.name, call.layer), call.t);
        let all = self.steps.train.iter().chain(self.steps.generate_scored.iter().flatten());
        let mut encoder = self.encoder();
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            self.dispatch(&mut pass, all.filter(|dispatch| (dispatch.kernel, dispatch.t) == (index, t)));
        }
        let submission = self.gpu.submit(encoder.finish());
        self.gpu.wait(submission).await
    }

    /// Dispatches of one call of a training kernel, at time step `t` if it runs at each step.
    pub fn slices(&self, kernel: &str, t: usize) -> usize {
        self.steps.of(kernel).filter(|dispatch| dispatch.t == t).count()
    }
}
