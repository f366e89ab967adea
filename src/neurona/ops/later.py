"""Families of `ops` that are loaded when one of their names is first asked for.

Most programs need few of them, and an import of all would take as long as that of the rest.
"""

LATER = {  # file -> its public names
    "arranging": """
        append array_split diag diagflat dsplit dstack fliplr flipud hsplit hstack pad
        ravel repeat roll rot90 trace tril triu vsplit vstack
    """,
    "bessel": """
        i0
    """,
    "creation": """
        array bartlett blackman empty empty_like eye full_like geomspace hamming
        hanning identity kaiser linspace logspace meshgrid tri vander
    """,
    "elementary": """
        arccos arccosh arcsin arcsinh arctan arctan2 arctanh cbrt cosh exp2 hypot log2
        log10 logaddexp nextafter sinh tan
    """,
    "elements": """
        angle ceil conj conjugate deg2rad divide_no_nan fabs fmax fmin fmod heaviside
        imag ldexp logaddexp2 nan_to_num power rad2deg real reciprocal round
        saturate_cast sinc trunc
    """,
    "facts": """
        convert_to_numpy convert_to_tensor copy dtype is_tensor ndim shape size
    """,
    "folding": """
        amax amin average corrcoef count_nonzero cumprod cumsum diff max min prod ptp
        trapezoid
    """,
    "integers": """
        bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or
        bitwise_right_shift bitwise_xor gcd lcm left_shift right_shift view
    """,
    "nans": """
        nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmin nanprod nanstd
        nansum nanvar
    """,
    "ordering": """
        argpartition argsort sort take take_along_axis
    """,
    "products": """
        correlate cross dot inner kron outer tensordot vdot
    """,
    "quantiles": """
        median nanmedian nanpercentile nanquantile percentile quantile
    """,
    "questions": """
        allclose isclose isinf isnan isneginf isposinf isreal logical_and logical_not
        logical_or logical_xor signbit
    """,
    "searching": """
        bincount digitize histogram isin nonzero searchsorted select unique
        unravel_index where
    """,
    "vectorized": """
        vectorize
    """,
    "activations": """
        celu elu gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
        leaky_relu log_sigmoid relu relu6 selu silu soft_shrink softsign sparse_plus
        sparse_sigmoid sparsemax squareplus swish tanh_shrink threshold
    """,
    "control": """
        cond fori_loop switch while_loop
    """,
    "crossentropy": """
        binary_crossentropy categorical_crossentropy in_top_k psnr
        sparse_categorical_crossentropy
    """,
    "own_gradient": """
        custom_gradient
    """,
    "factors": """
        cholesky cholesky_inverse lu_factor qr
    """,
    "filters": """
        gaussian_blur sobel_edges ssim
    """,
    "fourier": """
        dft fft fft2 half_dft half_dft_adjoint ifft ifft2 irfft polar rfft view_as_complex
        view_as_real
    """,
    "framing": """
        crop_images hsv_to_rgb pad_images resize rgb_to_grayscale rgb_to_hsv
        scale_and_translate
    """,
    "mapping": """
        associative_scan map vectorized_map
    """,
    "matrices": """
        cofactors det inv logdet slogdet solve solve_triangular
    """,
    "normalizing": """
        batch_normalization layer_normalization moments normalize rms_normalization
    """,
    "norms": """
        cdist norm
    """,
    "patches": """
        depth_to_space extract_patches extract_patches_3d fold space_to_depth unfold
    """,
    "placing": """
        scatter scatter_update slice slice_update
    """,
    "rearranging": """
        rearrange
    """,
    "sampling": """
        affine_transform elastic_transform map_coordinates perspective_transform
    """,
    "segments": """
        segment_max segment_min segment_prod segment_sum
    """,
    "spatial": """
        adaptive_average_pool adaptive_max_pool average_pool conv conv_transpose
        depthwise_conv max_pool separable_conv
    """,
    "spectra": """
        eig eigh lstsq matrix_rank pinv singular_values svd
    """,
    "spectrograms": """
        extract_sequences istft stft
    """,
}
HOMES = {name: file for file, names in LATER.items() for name in names.split()}
NAMESPACES = ("image", "linalg", "nn", "numpy")  # files with names of `ops`, as Keras has them
